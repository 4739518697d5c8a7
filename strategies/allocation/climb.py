"""The climb of a ladder by one problem: asking, being content, giving up, and saying why."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal

from tts.run import Run, Strategy
from tts.strategies.allocation.difficulty import Difficulty, Sight, sight_of
from tts.strategies.allocation.ladder import Ladder, Rung
from tts.strategies.parts.select import Judged, chosen
from tts.strategies.parts.stopping import Seen, StopRule, in_batches, look
from tts.values import Candidate, Problem

Build = Callable[[str, Mapping[str, Any]], Strategy]
"""The strategy of a name and its parameters."""


async def climb(ladder: Ladder, problem: Problem, run: Run, build: Build) -> Candidate | None:
    """The answer of a climb: chosen among all its draws, or what the strategy asked last gave.

    Draws of the rungs below count for the rules of those above: nothing is paid for twice. What
    decided each step is told to the run.
    """
    kept: list[Judged] = []
    at: int | None = None
    last, answer = ladder.rungs[0], None
    for place, rung in enumerate(ladder.rungs):
        if rung.bins and ladder.difficulty is not None:
            if at is None:
                at = await _told_difficulty(ladder.difficulty, kept, problem, run)
            if at not in rung.bins:
                continue
        before, last = len(kept), rung
        kept, answer = await _ask(rung, ladder, kept, problem, run, build)
        seen: Seen = await run.call(look, kept, run)
        end = ending(rung, ladder, seen, before)
        if end == "goes on" and place == len(ladder.rungs) - 1:
            end = "used up"
        run.explain(told(rung, ladder, seen, before, end), rung=place, draws=len(kept), end=end)
        if end != "goes on":
            break
    if answer is None:
        select = chosen(last.select or ladder.select, None if last.strategy else last.aggregate)
        answer = await run.call(select, kept, run)
    return answer


async def _ask(
    rung: Rung, ladder: Ladder, kept: list[Judged], problem: Problem, run: Run, build: Build
) -> tuple[list[Judged], Candidate | None]:
    """All draws so far, and the answer of a strategy whose answer is taken as it is."""
    if rung.strategy:
        strategy, setting = build(rung.strategy, rung.parameters), rung.setting(run)
        answer: Candidate | None = (
            await strategy.solve(problem, run)
            if setting is None
            else await run.spawn(strategy.solve, problem, setting=setting)
        )
        return list(run.kept.final()), answer if rung.whole else None
    drawn = await in_batches(
        problem,
        run,
        rule=rung.rule(ladder.signal),
        n=rung.n,
        batch=rung.batch,
        scored=ladder.scored and rung.select != "majority",
        before=kept,
        model="" if rung.model == "default" else rung.model,
        **rung.drawn(),
    )
    return [*kept, *drawn.kept], None


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
    if rung.whole and end != "accepted":
        why = "its answer is taken"
    return f"{start}; {standing}: {why}."


def _draws(count: int) -> str:
    return f"{count} draw{'' if count == 1 else 's'}"
