"""A ladder: whom to ask, how often, when to be content, when to give up; and the climb."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from tts.run import Run, Strategy
from tts.strategies.allocation.difficulty import Difficulty, Sight, sight_of
from tts.strategies.parts.select import Choice, Judged
from tts.strategies.parts.stopping import (
    Beta,
    Either,
    ExpectedGain,
    GiveUp,
    ScoreThreshold,
    Seen,
    StopRule,
    in_batches,
    look,
)
from tts.values import Problem

Signal = Literal["score", "agreement"]
"""What makes an answer acceptable: its verifier's score, or how surely it leads the vote."""


class Data(BaseModel):
    """Part of a policy: plain data in which no key is unknown."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Rung(Data):
    """One step of a ladder: draws of one model, or a whole strategy, and when to leave it."""

    model: str = "default"
    """The name of a generator of the engine."""
    n: int = Field(default=1, ge=1)
    """Draws, at most."""
    temperature: float | None = Field(default=None, ge=0)
    """0 is greedy; None: as the engine draws."""
    batch: int = Field(default=1, ge=1)
    """Draws that travel together; the rules are asked between batches."""
    accept: float | None = Field(default=None, ge=0, le=1)
    """An answer at this score, or of this probability to lead the vote, ends the climb; None: none
    does."""
    abandon: float = Field(default=0.0, ge=0, le=1)
    """The climb is given up where no score has reached this one after `patience` draws in all."""
    patience: int = Field(default=8, ge=1)
    worth: float = Field(default=0.0, ge=0, lt=1)
    """Draws go on only while the next one is expected to raise the best score by more; 0: whatever
    it brings."""
    strategy: str = ""
    """A strategy that runs in place of the draws, such as `beam_search`."""
    parameters: dict[str, Any] = {}
    """Of that strategy: its `n`, or how many chains of which length."""
    bins: tuple[int, ...] = ()
    """The predicted difficulties that it is for, 1 the easiest; empty: all."""

    @model_validator(mode="after")
    def _possible(self) -> Self:
        if self.temperature == 0 and self.n > 1:
            raise ValueError("greedy draws are all the same: n is 1 where the temperature is 0")
        if self.parameters and not self.strategy:
            raise ValueError("parameters are those of a strategy, and none is named")
        return self

    @property
    def who(self) -> str:
        """What it asks, in words."""
        inside = ", ".join(f"{name}={value}" for name, value in self.parameters.items())
        return f"{self.strategy}({inside})" if self.strategy else f"model {self.model}"

    def content(self, signal: Signal) -> StopRule | None:
        """The rule by which an answer is accepted."""
        if self.accept is None:
            return None
        if signal == "score":
            return ScoreThreshold(self.accept)
        return Beta(self.accept)

    def hopeless(self) -> StopRule | None:
        """The rule by which a problem is given up."""
        return GiveUp(self.abandon, after=self.patience) if self.abandon else None

    def enough(self) -> StopRule | None:
        """The rule by which another draw is not worth its cost."""
        return ExpectedGain(self.worth) if self.worth else None

    def rule(self, signal: Signal) -> StopRule:
        """Any of them."""
        rules = (self.content(signal), self.hopeless(), self.enough())
        return Either(*(one for one in rules if one is not None))


class Ladder(Data):
    """Rungs, climbed in their order until an answer is accepted or the problem is given up."""

    rungs: tuple[Rung, ...] = Field(min_length=1)
    signal: Signal = "score"
    select: Choice = "best"
    """How the answer is chosen among all draws, where the last one is not simply accepted."""
    difficulty: Difficulty | None = None
    """Tells from the draws so far which rungs a problem is for."""

    @model_validator(mode="after")
    def _possible(self) -> Self:
        for rung in self.rungs:
            if rung.bins and self.difficulty is None:
                raise ValueError("a rung for some bins needs a difficulty that tells them")
            if self.signal == "agreement" and rung.accept is not None and rung.accept <= 0.5:
                raise ValueError("agreement is accepted above 0.5")
            if self.signal == "agreement" and (rung.abandon or rung.worth):
                raise ValueError("abandon and worth look at scores, and agreement has none")
        if self.rungs[0].bins:
            raise ValueError("the first rung is for all bins: nothing is known before it")
        return self

    @property
    def models(self) -> tuple[str, ...]:
        """The generators that it asks, by name."""
        return tuple(dict.fromkeys(rung.model for rung in self.rungs if not rung.strategy))

    @property
    def scored(self) -> bool:
        """Whether it asks a verifier."""
        return self.signal == "score"


GREEDY_FIRST, SURE, WORTH, MOST = 0.9, 0.95, 0.01, 16
"""What is accepted where nobody has calibrated: a score, the probability of a vote; what the next
draw has to be worth; and most draws."""


def default_ladder(models: Sequence[str], *, scored: bool, n: int = MOST) -> Ladder:
    """The ladder of whoever has calibrated nothing: cautious, and right without a verifier as well.

    With a verifier each model answers greedily and the first answer that scores .9 is accepted; then
    the default model draws until one does or the next is not expected to raise the best score by .01,
    at most `n` times, and the scores vote: a verifier that knows nothing then does little harm.
    Without one draws are compared until an answer leads the vote with probability .95.
    """
    if not scored:
        share = max(1, n // len(models))
        rungs = [Rung(model=name, n=share, batch=min(4, share), accept=SURE) for name in models]
        return Ladder(rungs=tuple(rungs), signal="agreement", select="majority")
    greedy = [Rung(model=name, temperature=0.0, accept=GREEDY_FIRST) for name in models]
    draws = Rung(model=models[0], n=n, accept=GREEDY_FIRST, worth=WORTH)
    return Ladder(rungs=(*greedy, draws), signal="score", select="weighted")


Build = Callable[[str, Mapping[str, Any]], Strategy]
"""The strategy of a name and its parameters."""


async def climb(ladder: Ladder, problem: Problem, run: Run, build: Build) -> list[Judged]:
    """Every draw of a climb that ended by itself; what decided each step is told to the run.

    Draws of the rungs below count for the rules of those above: nothing is paid for twice.
    """
    kept: list[Judged] = []
    at: int | None = None
    for place, rung in enumerate(ladder.rungs):
        if rung.bins and ladder.difficulty is not None:
            if at is None:
                at = await _told_difficulty(ladder.difficulty, kept, problem, run)
            if at not in rung.bins:
                continue
        before = len(kept)
        kept = await _ask(rung, ladder, kept, problem, run, build)
        seen: Seen = await run.call(look, kept, run)
        end = ending(rung, ladder, seen, before)
        if end == "goes on" and place == len(ladder.rungs) - 1:
            end = "used up"
        run.explain(told(rung, ladder, seen, before, end), rung=place, draws=len(kept), end=end)
        if end != "goes on":
            break
    return kept


async def _ask(
    rung: Rung, ladder: Ladder, kept: list[Judged], problem: Problem, run: Run, build: Build
) -> list[Judged]:
    if rung.strategy:
        await build(rung.strategy, rung.parameters).solve(problem, run)
        return list(run.kept.final())
    sampling = {} if rung.temperature is None else {"temperature": rung.temperature}
    drawn = await in_batches(
        problem,
        run,
        rule=rung.rule(ladder.signal),
        n=rung.n,
        batch=rung.batch,
        scored=ladder.scored,
        before=kept,
        model="" if rung.model == "default" else rung.model,
        **sampling,
    )
    return [*kept, *drawn.kept]


async def _told_difficulty(
    difficulty: Difficulty, kept: list[Judged], problem: Problem, run: Run
) -> int:
    seen: Seen = await run.call(look, kept, run)
    sight: Sight = sight_of(seen, problem)
    hope, at = difficulty.hope(sight), difficulty.bin(sight)
    run.explain(
        f"After {_draws(len(kept))} the chance of a right draw is put at {hope:.2f}: bin {at} of "
        f"{difficulty.bins}.",
        hope=hope,
        bin=at,
    )
    return at


End = Literal["accepted", "given up", "enough", "goes on", "used up"]


def ending(rung: Rung, ladder: Ladder, seen: Seen, before: int) -> End:
    """How a rung ended: by any of its draws, the last batch as a whole included."""
    views = [seen.first(k) for k in range(before + 1, len(seen.classes) + 1)]
    rules: tuple[tuple[End, StopRule | None], ...] = (
        ("accepted", rung.content(ladder.signal)),
        ("given up", rung.hopeless()),
        ("enough", rung.enough()),
    )
    for end, rule in rules:
        if rule is not None and any(map(rule.stops, views)):
            return end
    return "goes on"


def told(rung: Rung, ladder: Ladder, seen: Seen, before: int, end: End) -> str:
    """What a rung did, in a sentence."""
    drew = _draws(len(seen.classes) - before)
    greedily = " greedily" if rung.temperature == 0 and not rung.strategy else ""
    start = f"{rung.who[0].upper()}{rung.who[1:]} gave {drew}{greedily}"
    if ladder.signal == "agreement":
        leader, runner_up = (*seen.counts, 0, 0)[:2]
        standing, bar = f"the vote stands {leader} to {runner_up}", "that is sure enough"
        short = "that is not sure enough"
    else:
        scores = [score for score in seen.scores if score is not None]
        best = f"{max(scores):.2f}" if scores else "unknown"
        standing, bar = f"the best score is {best}", f"{rung.accept} was to be reached"
        short = bar if rung.accept is not None else "none is accepted here"
    why = {
        "accepted": f"{bar}, so it stops there",
        "given up": f"below {rung.abandon} after {_draws(rung.patience)}, so it is given up",
        "enough": f"another draw is not expected to raise it by {rung.worth}, so it stops there",
        "goes on": f"{short}, so it goes on",
        "used up": f"{short}, and no rung is left",
    }[end]
    return f"{start}; {standing}: {why}."


def _draws(count: int) -> str:
    return f"{count} draw{'' if count == 1 else 's'}"
