"""What a search on countdown loses by its value model: the same searches under better values.

python -m tts.training.countdown.bound --bins 4 5 --problems 30 --seed 7
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import re
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Literal, get_args

from tts.answers import TASKS
from tts.backends.embedded.model import EmbeddedModel
from tts.backends.embedded.step_scorer import EmbeddedStepScorer
from tts.countdown import generate, made
from tts.countdown.solution import after_step
from tts.countdown.state import Numbers, is_solvable
from tts.engine import Engine
from tts.protocols import Meter, StepScorer, StepScoreReply, StepScoreRequest
from tts.values import Message, Model, Problem
from tts.verifiers import ProcessReward

Values = Literal["learned", "legal", "exact"]
"""As the model says; with 0 from the first illegal step on, and whether the end is the target; 1 where
the target can still be reached, by exhaustive search, and 0 elsewhere."""
SEARCHES = (
    "best_of_n(n=8)",
    "best_of_n(n=16)",
    "best_of_n(n=32)",
    "beam_search(n=16,select=best)",
    "beam_search(n=32,select=best)",
    "rebase(n=16,select=best)",
)
_LOG = logging.getLogger(__name__)
_PROMPT = re.compile(r"Make (\d+) from ([\d ]+)\.")


class BetterScorer:
    """A step scorer of countdown, as dear as the one that it asks, whose values are mended."""

    def __init__(self, inner: StepScorer, values: Values) -> None:
        self._inner = inner
        self._values: Values = values

    @property
    def model(self) -> Model:
        """Of the scorer that is asked."""
        return self._inner.model

    def count(self, messages: Sequence[Message], steps: Sequence[str]) -> int:
        """Tokens of the scorer that is asked."""
        return self._inner.count(messages, steps)

    async def score_steps(self, request: StepScoreRequest, meter: Meter) -> StepScoreReply:
        """The scorer's reply with mended values."""
        reply = await self._inner.score_steps(request, meter)
        values = mended(request.messages[-1].content, request.steps, reply.scores, self._values)
        return StepScoreReply(scores=values, usage=reply.usage, degraded=reply.degraded)

    async def close(self) -> None:
        """Close the scorer that is asked."""
        await self._inner.close()


def mended(
    prompt: str, steps: Sequence[str], scores: Sequence[float], values: Values
) -> tuple[float, ...]:
    """Values of steps by the rule; ValueError for a prompt that is none of countdown."""
    read = _PROMPT.fullmatch(prompt)
    if read is None:
        raise ValueError(f"not a prompt of countdown: {prompt!r}")
    if values == "learned":
        return tuple(scores)
    target, table = int(read[1]), tuple(sorted(map(int, read[2].split())))
    found: list[float] = []
    now: Numbers | None = table
    for step, score in zip(steps, scores, strict=True):
        now = after_step(now, step) if now is not None else None
        found.append(_value(now, target, score, values))
    return tuple(found)


def _value(table: Numbers | None, target: int, score: float, values: Values) -> float:
    if table is None:
        return 0.0
    if values == "exact" or len(table) == 1:
        return float(is_solvable(table, target))
    return score


@dataclass(frozen=True, slots=True)
class Figures:
    """What one strategy reached on a set."""

    accuracy: float
    fresh_tokens: float
    """On average per problem, the value model's included."""


async def figures(problems: Sequence[Problem], strategy: str, values: Values) -> Figures:
    """A strategy of the shipped policy under one kind of values, temperature .6."""
    scorer = BetterScorer(EmbeddedStepScorer(EmbeddedModel.shipped("countdown-value")), values)
    verifier = ProcessReward(scorer, render=TASKS["arithmetic"].render, aggregate="last")
    sampling = {"temperature": 0.6, "max_tokens": 60}
    async with Engine(model="embedded:countdown", verifier=verifier, sampling=sampling) as engine:
        results = await asyncio.gather(*(engine.solve(one, strategy=strategy) for one in problems))
    right = [
        str(made(result.answer or "")) == one.answer
        for one, result in zip(problems, results, strict=True)
    ]
    fresh = [result.usage.fresh_tokens or 0 for result in results]
    return Figures(fmean(right), fmean(fresh))


def problems_of(bins: Sequence[int], count: int, seed: int) -> list[Problem]:
    """`count` problems of each bin."""
    return [
        Problem(id=one.id, prompt=one.prompt, answer=one.answer, task="countdown")
        for bin_ in bins
        for one in generate(bin_, count, seed)
    ]


async def table(problems: Sequence[Problem]) -> None:
    """Tell accuracy and fresh tokens of every search under all three values."""
    for values in get_args(Values):
        for strategy in SEARCHES:
            one = await figures(problems, strategy, values)
            what = (values, strategy, 100 * one.accuracy, one.fresh_tokens)
            _LOG.info("%s values, %s: %.1f %% for %.0f fresh tokens", *what)


def main() -> None:
    """Read the command line and tell the figures."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bins", type=int, nargs="+", default=[4, 5])
    parser.add_argument("--problems", type=int, default=30, help="of each bin")
    parser.add_argument("--seed", type=int, default=7)
    options = parser.parse_args()
    asyncio.run(table(problems_of(options.bins, options.problems, options.seed)))


if __name__ == "__main__":
    main()
