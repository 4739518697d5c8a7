"""What a model says about a problem or about solutions, without solving it."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from tts.errors import Stopped
from tts.graph import Node, Outcome
from tts.protocols import Role
from tts.run import Run
from tts.strategies.worded import Worded


class Remark(Worded):
    """A generation whose value is plain text: no candidate, so it can neither vote nor win."""

    def __init__(
        self, run: Run, *, of: str, role: Role = "judge", model: str = "", wording: str = ""
    ) -> None:
        """`of`: what is asked for, part of the call's key."""
        super().__init__(run, model=model, wording=wording)
        self.spec = replace(self.spec, name=f"{of}/{run.task.name}", role=role)

    def value(self, args: tuple[Any, ...], content: Any, key: str) -> Any:
        return content.text


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
    chosen = replace(run.settings.sampling, **sampling)
    node: Node[str] = run.call(operation, messages, chosen, "end")
    return node


async def said(run: Run, reply: Node[str]) -> str | None:
    """The text of a reply; None where the call failed for good, which is no verdict."""
    replies = await run.all([reply])
    return replies[0] if replies else None


def heard(reply: Outcome[str]) -> str:
    """The text of a reply, empty where the call failed; a refusal is passed on."""
    if isinstance(reply.error, Stopped):
        raise reply.error
    return reply.value or ""
