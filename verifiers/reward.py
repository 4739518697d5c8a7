"""Reward models as verifiers: a score per step, or one for the whole text."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

from msgspec import Struct

from tts.answers import Aggregate, aggregate
from tts.errors import CallFailed, UsageError
from tts.protocols import (
    Answer,
    Draw,
    Mark,
    Meter,
    OperationSpec,
    Prefix,
    Reply,
    StepScorer,
    StepScoreRequest,
    charged,
)
from tts.run import Node, Run
from tts.values import Candidate, Message, Problem, Score, Usage


class ProcessReward:
    """Scores every step and aggregates the steps to one value.

    `aggregate`: which step counts, `last`, `min`, `prod` or `mean` (Lightman et al. 2023 use the
    product, Wang et al. 2024 the minimum, Snell et al. 2024 the last).
    """

    def __init__(self, scorer: StepScorer, *, render: Render, aggregate: Aggregate = "min") -> None:
        self.scorer, self.aggregate = scorer, aggregate
        self.operation = StepScoring(scorer, how=aggregate, render=render)
        self.name = scorer.model.name

    @property
    def identity(self) -> Any:
        model = self.scorer.model
        return {"model": model.name, "revision": model.revision, "aggregate": self.aggregate}

    def score(self, candidate: Candidate | Node[Candidate], run: Run) -> Node[Score]:
        return run.call(self.operation, candidate)

    async def close(self) -> None:
        await self.scorer.close()


class OutcomeReward:
    """One score per candidate: the whole text is the scorer's only step."""

    def __init__(self, scorer: StepScorer, *, render: Render) -> None:
        self.scorer = scorer
        self.operation = StepScoring(scorer, how="last", render=render, whole=True)
        self.name = scorer.model.name

    @property
    def identity(self) -> Any:
        model = self.scorer.model
        return {"model": model.name, "revision": model.revision, "outcome": True}

    def score(self, candidate: Candidate | Node[Candidate], run: Run) -> Node[Score]:
        return run.call(self.operation, candidate)

    async def close(self) -> None:
        await self.scorer.close()


MARKER_SHARE = 2
"""Tokens of a step's text and of its marker, per token of text, at most."""

Render = Callable[[Problem], tuple[Message, ...]]


class StepScores(Struct, frozen=True):
    """What is journalled of a scoring: the raw step scores."""

    scores: tuple[float, ...]
    degraded: bool = False


class StepScoring:
    """Scores the steps of one candidate; the argument of a call is the candidate.

    `whole`: the scorer is an outcome model, and the text is its only step.
    """

    content_type = StepScores

    def __init__(
        self, scorer: StepScorer, *, how: Aggregate, render: Render, whole: bool = False
    ) -> None:
        self.scorer, self.render, self._whole = scorer, render, whole
        self.how: Aggregate = how
        self.spec = OperationSpec(
            name="score/whole" if whole else "score/steps",
            version="1",
            role="verify",
            effect="pure",
            model=scorer.model.name,
            revision=scorer.model.revision,
            pool=scorer.model.name,
            prefixes=True,
        )

    def identity(self, args: tuple[Any, ...]) -> Any:
        candidate: Candidate = args[0]
        return (candidate.problem.id, self.render(candidate.problem), candidate.text)

    def stochastic(self, args: tuple[Any, ...]) -> bool:
        return False

    def worst(self, args: tuple[Any, ...], *, first: bool) -> Usage:
        return self._reading(self._tokens(args[0]))

    def foresee(self, args: tuple[Any, ...], text_tokens: int) -> Usage:
        problem = foreseen_problem(args[0])
        question = self.scorer.count(self.render(problem), ()) if problem else 0
        return self._reading(question + MARKER_SHARE * text_tokens)

    def max_new_tokens(self, args: tuple[Any, ...]) -> int:
        return 0

    def attributed(self, usage: Usage, *, first: bool) -> Usage:
        return self._reading(usage.prompt_tokens)

    def prefixes(self, args: tuple[Any, ...]) -> Iterator[Prefix]:
        """The text, the texts that it continues, and the question: a causal model reads on."""
        candidate: Candidate = args[0]
        question = self.render(candidate.problem)
        ancestor: Candidate | None = candidate
        while ancestor is not None:
            yield (question, ancestor.text.strip()), partial(self._tokens, ancestor)
            ancestor = None if self._whole else ancestor.parent
        yield (question, ""), partial(self.scorer.count, question, ())

    def extended(self, args: tuple[Any, ...], content: Any) -> Mark | None:
        return None

    async def perform(self, args: tuple[Any, ...], draws: Sequence[Draw], meter: Meter) -> Answer:
        candidate: Candidate = args[0]
        request = StepScoreRequest(
            messages=self.render(candidate.problem), steps=self._steps(candidate)
        )
        reply = await self.scorer.score_steps(request, meter)
        content = StepScores(reply.scores, reply.degraded)
        degraded = "truncated" if reply.degraded else ""
        return Answer(
            replies=(Reply(content=content, usage=reply.usage, degraded=degraded),),
            billed=reply.usage,
        )

    def value(self, args: tuple[Any, ...], content: Any, key: str) -> Score:
        """The aggregate of the steps; a text without a step is worth nothing."""
        value = aggregate(content.scores, self.how) if content.scores else 0.0
        steps = () if self._whole else content.scores
        return Score(value=value, steps=steps, degraded=content.degraded)

    def pretend(self, args: tuple[Any, ...], draw: Draw) -> Any:
        return StepScores((0.5,) * len(self._steps(args[0])))

    def _steps(self, candidate: Candidate) -> tuple[str, ...]:
        text = candidate.text.strip()
        return candidate.steps if not self._whole else (text,) if text else ()

    def _tokens(self, candidate: Candidate) -> int:
        return self.scorer.count(self.render(candidate.problem), self._steps(candidate))

    def _reading(self, tokens: int) -> Usage:
        return charged(self.scorer.model, tokens)


def foreseen_problem(arg: Any) -> Problem | None:
    """The problem of a candidate, or of the run whose node will become one."""
    owner = getattr(arg, "owner", arg)
    return getattr(owner, "problem", None)


Lookup = Callable[[Candidate], float | None]
"""The score of a candidate in 0…1; None where it was not recorded."""


class RecordedReward:
    """Looks scores up; free, since they were paid for when they were recorded."""

    name = "recorded"

    def __init__(self, lookup: Lookup, *, source: str) -> None:
        self.lookup, self.source = lookup, source

    @property
    def identity(self) -> Any:
        return {"recorded": self.source}

    def score(self, candidate: Candidate | Node[Candidate], run: Run) -> Node[Score]:
        return run.call(self._score, candidate)

    def _score(self, candidate: Candidate) -> Score:
        value = self.lookup(candidate)
        if value is None:
            raise CallFailed(f"No score was recorded for a draw of {candidate.problem.id!r}.")
        return Score(value=value)


class Unscored:
    """Stands where recorded samples have no scores, and says so to whoever asks for one."""

    name = "none"
    identity = None

    def __init__(self, reason: str) -> None:
        self.reason = reason

    def score(self, candidate: Candidate | Node[Candidate], run: Run) -> Node[Score]:
        raise UsageError(self.reason)
