"""What every strategy is made of: parameters that are checked when it is built, and its end, the best
answer of what there is."""

from __future__ import annotations

from dataclasses import dataclass, fields
from itertools import cycle, islice
from typing import Any, ClassVar, dataclass_transform

from tts.run import Outcome, Run
from tts.strategies.parts.expand import expand
from tts.strategies.parts.select import Select
from tts.values import Candidate, Kept, Problem, Scored


@dataclass_transform(kw_only_default=True, frozen_default=True, eq_default=False)
class StrategyBase:
    """A strategy whose annotated fields are its parameters, all by keyword.

    A subclass states `name`, its fields with their defaults, `check`, `selection` and `solve`. Field
    names, values and order are part of every run's identity and of how a strategy is spelled.
    """

    name: ClassVar[str]
    bounded: ClassVar[bool] = False
    """Whether calls do not depend on what earlier ones brought: a dry run is then a bound."""
    stepwise: ClassVar[bool] = False
    """Whether solutions grow step by step: room for a whole draw is then kept for the end."""
    reads: ClassVar[bool] = True
    """Whether it may ask for documents or demonstrations; a search whose dry run is long says no."""

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        dataclass(kw_only=True, frozen=True, eq=False)(cls)

    def __post_init__(self) -> None:
        self.check()
        self.selection()

    @property
    def parameters(self) -> dict[str, Any]:
        """The fields, in their order, as JSON-able data."""
        return {field.name: getattr(self, field.name) for field in fields(self)}  # type: ignore[arg-type]

    def check(self) -> None:
        """ValueError for a parameter that cannot be."""

    def draws_at(self, temperature: float) -> float:
        """The temperature of its draws where the run's is `temperature`."""
        return temperature

    def selection(self) -> Select:
        """How the answer is chosen among what was finished, also where the run ends early;
        ValueError where it is none."""
        raise NotImplementedError

    async def solve(self, problem: Problem, run: Run) -> Candidate | None:
        """The best candidate, by calls on `run`."""
        raise NotImplementedError

    async def finish(self, problem: Problem, run: Run) -> Candidate | None:
        """The best candidate of what there is, after a refusal or at the deadline."""
        found = await finish(problem, run, self.selection())
        return await spend_rest(problem, run, self.selection(), found) if self.stepwise else found


def at_least(least: int, /, **values: int) -> None:
    """ValueError for the first named value that is no whole number of at least `least`."""
    for name, value in values.items():
        if isinstance(value, bool) or not isinstance(value, int) or value < least:
            raise ValueError(f"{name} is a whole number of at least {least}, not {value!r}.")


async def finish(problem: Problem, run: Run, select: Select) -> Candidate | None:
    """The selection rule over the finished candidates; if there is none, the closing draw.

    Recorded draws hold no closing one: nothing is made up in its place.
    """
    answered = [kept for kept in run.kept.final() if kept.candidate.answer is not None]
    if answered:
        return await select(answered, run)
    if not run.generation().closes:
        return await select(run.kept.final(), run)
    run.release_finish_reserve()
    return await closing_draw(problem, run)


async def closing_draw(problem: Problem, run: Run) -> Candidate | None:
    """The best live candidate, or the problem where there is none, continued greedily to its end.

    No longer in all than a single draw may be, and only where what is left holds both it and an
    answer forced from where it stops. Otherwise, and at a deadline, the answer is forced at once.
    """
    live = best_live(run)
    source = live or problem
    room = run.sampling.max_tokens - (live.completion_tokens if live else 0)
    if run.closed or room <= 0 or not run.holds_closing(source, room):
        return await forced_answer(problem, run, live)
    [draft] = run.sample(source, temperature=0.0, max_tokens=room)
    closed = await draft
    if closed.answer is not None:
        return closed
    return await forced_answer(problem, run, closed)


MOST_ENDS = 16
"""Most solutions that what a search left of its budget is spent on. They come on top of its `n`, which
is the width of its rounds and no number of solutions."""


async def spend_rest(
    problem: Problem, run: Run, select: Select, found: Candidate | None
) -> Candidate | None:
    """The choice once what a search left of its budget has gone into more whole solutions.

    A search stops where its next round might not fit at worst, which leaves much where draws are
    short. Live candidates are continued to their end, in turn and the best first, as far as draws
    still fit that are no longer than those so far; `found` stands where nothing gets a score.
    """
    if run.closed or not run.has_verifier or not run.generation().closes:
        return found
    unscored = [kept.candidate for kept in run.kept.final() if kept.score is None]
    judged = [run.call(Scored, one, run.score(one)) for one in unscored]
    sources: list[Problem | Candidate] = [kept.candidate for kept in live_ones(run)]
    for source in islice(cycle(sources or [problem]), MOST_ENDS):
        judged += expand(run, source, 1, until="end", repeats=True)
    await run.call(all_over, judged)
    answered = [kept for kept in run.kept.final() if kept.candidate.answer is not None]
    return await select(answered, run) or found


async def all_over(judged: list[Outcome[Scored]]) -> None:
    """Nothing is done but to wait for them, those that are refused too."""


async def forced_answer(
    problem: Problem, run: Run, live: Candidate | None = None
) -> Candidate | None:
    """One short greedy answer, forced from a candidate, or from the problem where there is none or
    the model continues nothing."""
    source: Problem | Candidate = problem
    if live is not None and run.generation().continues:
        source = Candidate(
            problem=problem,
            text=live.text.rstrip() + run.task.forced_answer,
            key="",
            messages=live.messages,
            completion_tokens=live.completion_tokens,
        )
    [draft] = run.sample(source, until="answer", temperature=0.0, max_tokens=run.forced_tokens)
    candidate = await draft
    return candidate if candidate.answer is not None else None


def best_live(run: Run) -> Candidate | None:
    """The candidate that an answer is got from: unfinished, and short enough to be read again.

    Of the scored ones the deepest go first, of these the highest scored: scores fall along a right
    path, too, and what was spent on steps should not be spent again.
    """
    return next((kept.candidate for kept in live_ones(run)), None)


def live_ones(run: Run) -> list[Kept]:
    """Unfinished candidates that are short enough to be read again, in that order; none where the
    model continues nothing."""
    if not run.generation().continues:
        return []
    most = run.sampling.max_tokens
    live = [kept for kept in run.kept.all() if not kept.candidate.final]
    short = [kept for kept in live if kept.candidate.completion_tokens <= most]
    return sorted(short, key=_standing, reverse=True)


def _standing(kept: Kept) -> tuple[bool, int, float]:
    scored = kept.score is not None
    return scored, kept.candidate.depth, kept.score.value if kept.score else 0.0
