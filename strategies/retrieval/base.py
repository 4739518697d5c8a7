"""What strategies that answer from documents share: their calls, their vote, their end."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import accumulate
from typing import Any

from msgspec.structs import replace

from tts.errors import Stopped, UsageError
from tts.run import Node, Outcome, Run
from tts.strategies.base import StrategyBase, at_least, finish
from tts.strategies.parts.conversation import ConversationCall, ended
from tts.strategies.parts.select import Select, most_voted
from tts.strategies.retrieval.prompts import answer_of
from tts.values import (
    ENDED,
    Candidate,
    Completion,
    Demonstration,
    Document,
    Message,
    Problem,
    Sampling,
    Usage,
)

Documents = tuple[Document, ...]
Source = Node[Documents] | Documents
"""A retrieval that may be under way, or documents that are there."""


class AnswerCall(ConversationCall):
    """A draw whose text is an answer, however the problem's task would read one."""

    def __init__(self, run: Run, *, of: str) -> None:
        """`of`: what is asked for, part of the call's key."""
        super().__init__(run)
        self.spec = replace(self.spec, name=f"sample/{of}")

    def value(self, args: tuple[Any, ...], content: Any, key: str) -> Candidate:
        drawn = super().value(args, content, key)
        ended = content.finish_reason in ENDED
        answer = answer_of(content.text) if ended else None
        unread = unread_tokens(content, answer_of) if ended else 0
        return replace(drawn, answer=answer, final=answer is not None, unread_tokens=unread)


def unread_tokens(content: Completion, read: Callable[[str], object]) -> int:
    """Completion tokens behind the last line that `read` needs for what it finds in a draw, by their
    share of its characters; 0 where it finds nothing. What a stop string adds counts with them."""
    found = read(content.text)
    lines = content.text.splitlines(keepends=True)
    ends = accumulate(len(line) for line in lines)
    end = next((end for end in ends if read(content.text[:end]) == found), len(content.text))
    behind = content.text[end:]
    if found is None or not behind.strip():
        return 0
    share = len(behind) / len(content.text)
    return round(share * (content.completion_tokens - content.reasoning_tokens))


class Reading(StrategyBase):
    """Answers from what was retrieved.

    A retrieval that fails leaves its documents out, and the run's record says so. Where the budget
    ends, the answer is forced from what was read so far, else from the question alone.
    """

    samples: int = 1
    """Answers that vote (self-consistency, Wang et al. 2022)."""
    temperature: float | None = None
    """None: greedy where there is one sample, else that of the run."""

    def check(self) -> None:
        at_least(1, samples=self.samples)
        if self.temperature is not None and self.temperature < 0:
            raise ValueError(f"temperature is at least 0, not {self.temperature!r}.")

    def selection(self) -> Select:
        return most_voted

    def draws_at(self, temperature: float) -> float:
        if self.temperature is not None:
            return self.temperature
        return 0.0 if self.samples == 1 else temperature

    def insisting(self, messages: tuple[Message, ...]) -> tuple[Message, ...]:
        """A conversation that was held, as one whose next words are the answer."""
        return messages

    async def finish(self, problem: Problem, run: Run) -> Candidate | None:
        """The vote over what was answered; else an answer forced from the last documents read."""
        answered = [one for one in run.kept.final() if one.candidate.answer is not None]
        live = [one.candidate for one in run.kept.all() if one.candidate.messages]
        if not answered and live:
            run.release_finish_reserve()
            sampling = replace(run.sampling, temperature=0.0, max_tokens=run.forced_tokens)
            asked = self.insisting(live[-1].messages)
            forced = run.call(AnswerCall(run, of="forced"), asked, sampling, "answer")
            outcome: Outcome[Candidate] = await run.call(ended, forced)
            if outcome.value is not None and outcome.value.answer is not None:
                return outcome.value
        return await finish(problem, run, self.selection())


def stopping(run: Run, sampling: Sampling, *marks: str) -> Sampling:
    """A draw that ends where a model goes on with the next example by itself. A model that thinks
    aloud is not stopped: it may write any of the marks before it answers."""
    if run.generation().generator.capabilities.reasoning:
        return sampling
    return replace(sampling, stop=(*sampling.stop, *marks))


def fits(run: Run, calls: Sequence[Usage]) -> bool:
    """Whether what is left holds calls of these worst cases together."""
    return all(
        sum(getattr(one, name) or 0 for one in calls) <= left for name, left in run.left.items()
    )


async def retrieved(run: Run, query: str, k: int) -> Documents:
    """The documents of a query; none for `k` 0, and none where the retrieval failed."""
    if k == 0:
        return ()
    found = await run.all([run.retrieve(query, k)])
    return found[0] if found else ()


async def read(run: Run, sources: Sequence[Source]) -> list[Documents]:
    """What retrievals found, in their order, and what is there already; nothing of one that failed."""
    settled: list[Outcome[Documents]] = [
        await run.call(found, one) if isinstance(one, Node) else Outcome(one) for one in sources
    ]
    return [one.value or () for one in settled]


def found(outcome: Outcome[Documents]) -> Outcome[Documents]:
    """How a retrieval ended, as a value; a refusal ends the run."""
    if isinstance(outcome.error, Stopped):
        raise outcome.error
    return outcome


def worked(run: Run, m: int) -> tuple[Demonstration, ...]:
    """The `m` best demonstrations, the best one last; raises `UsageError` where there are fewer."""
    there = run.demonstrations
    if len(there) < m:
        raise UsageError(
            f"Of m={m} demonstrations to be shown {len(there)} are given: give a file of them "
            "(--demonstrations FILE), or a lower m."
        )
    return tuple(reversed(there[:m]))
