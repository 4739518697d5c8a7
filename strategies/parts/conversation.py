"""Conversations that grow, and what a model says in them without solving the problem."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from msgspec.structs import replace

from tts.answers.fence import fenced
from tts.answers.verdict import settled
from tts.errors import BudgetExhausted, Stopped
from tts.protocols import Role
from tts.run import Generation, Node, Outcome, Run
from tts.values import Message, Usage


def asking(turns: Sequence[Message], request: str) -> tuple[Message, ...]:
    """The turns with a request of the user at their end, in the same turn where it is the user's:
    many chat templates refuse two turns of one role in a row."""
    if turns and turns[-1].role == "user":
        joined = Message("user", f"{turns[-1].content}\n\n{request}")
        return (*turns[:-1], joined)
    return (*turns, Message("user", request))


def replying(turns: Sequence[Message], text: str) -> tuple[Message, ...]:
    """The turns with what the model said behind them."""
    return (*turns, Message("assistant", text))


def numbered(texts: Sequence[str]) -> str:
    """Solutions under numbered headings, from 1, each fenced."""
    return "\n\n".join(f"Solution {i}:\n{fenced(text.strip())}" for i, text in enumerate(texts, 1))


class ConversationCall(Generation):
    """A generation that foresees the words that its conversation adds to the texts in it.

    Calls of it stand in the graph before their inputs are there, so that a budget decides about
    them in the order of submission, whatever ends first.
    """

    def __init__(self, run: Run, *, model: str = "", wording: str = "") -> None:
        """`wording`: all that is said beside the problem and the texts. `model`: a generator."""
        plain = run.generation(model)
        super().__init__(
            plain.generator, task=run.task, problem=run.problem, replicate=plain.replicate
        )
        self._wording = self.length(wording) if wording else 0

    def foresee(self, args: tuple[Any, ...], text_tokens: int) -> Usage:
        return super().foresee(args, text_tokens + self._wording)


T = TypeVar("T")


class Remark(ConversationCall):
    """A generation whose value is plain text: no candidate, so it can neither vote nor win."""

    def __init__(
        self, run: Run, *, of: str, role: Role = "judge", model: str = "", wording: str = ""
    ) -> None:
        """`of`: what is asked for, part of the call's key."""
        super().__init__(run, model=model, wording=wording)
        self.spec = replace(self.spec, name=f"{of}/{run.task.name}", role=role)

    def value(self, args: tuple[Any, ...], content: Any, key: str) -> Any:
        """The text; of a judge, what it said in the end: no thoughts, and no word that was cut."""
        return settled(content) if self.spec.role == "judge" else content.text


def remark(
    run: Run,
    messages: Any,
    *,
    of: str,
    role: Role = "judge",
    wording: str = "",
    **sampling: Any,
) -> Node[str]:
    """The node that will hold a model's reply to a conversation, or to a node of one.

    `wording`: what the conversation adds to the problem and to texts that are still open.
    `sampling`: fields of `Sampling` that differ from the run's.
    """
    operation = Remark(run, of=of, role=role, wording=wording)
    chosen = replace(run.sampling, **sampling)
    node: Node[str] = run.call(operation, messages, chosen, "end")
    return node


async def said(run: Run, reply: Node[str]) -> str | None:
    """The text of a reply; None where the call failed for good."""
    replies = await run.all([reply])
    return replies[0] if replies else None


async def criticism(run: Run, reply: Node[str], *, of: str) -> str | None:
    """What a reply says against solutions; None where the call failed, and where it says nothing,
    as when its thoughts have not ended: such a verdict is missing, and the run says so."""
    text = await said(run, reply)
    if text is not None and not text.strip():
        run.miss_verdict(unread(of))
        return None
    return text


def unread(of: str) -> str:
    """Why a verdict is missing that came."""
    return f"No verdict ({of}) could be read."


def heard(reply: Outcome[str]) -> str:
    """The text of a reply, empty where the call failed; a refusal is passed on."""
    if isinstance(reply.error, Stopped):
        raise reply.error
    return reply.value or ""


async def insisted(
    run: Run,
    request: Sequence[Message],
    reply: Outcome[str],
    read: Callable[[str], T | None],
    *,
    again: str,
    of: str,
    **sampling: Any,
) -> T | None:
    """What `read` finds in a reply, or in the answer to one stricter request; for a child Run.

    None where the call failed, and where neither answer can be read: such a verdict is missing, and
    the run says so. Under a ceiling nothing is asked again: such a request has no place in the order
    of admission, so that what is refused behind it would depend on timing.
    """
    said = heard(reply)
    found = read(said) if reply.ok else None
    if found is None and reply.ok and not run.capped:
        turns = asking(replying(request, said), again) if said.strip() else asking(request, again)
        second: Outcome[str] = await run.call(
            ended, remark(run, turns, of=of, role="judge", **sampling)
        )
        found = read(second.value) if second.value is not None else None
    if found is None and reply.ok:
        run.miss_verdict(unread(of))
    return found


def ended(outcome: Outcome[Any]) -> Outcome[Any]:
    """How a call ended, as a value; a refusal is one, what ends the whole run is raised."""
    if isinstance(outcome.error, Stopped) and not isinstance(outcome.error, BudgetExhausted):
        raise outcome.error
    return outcome
