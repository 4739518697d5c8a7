"""A policy in words: its ladder, and what it does on problems that it was not fitted on."""

from __future__ import annotations

from collections.abc import Iterator

from tts.eval.calibration.calibrate import Calibration
from tts.eval.calibration.grid.report import grid_lines, percent, points
from tts.strategies.allocation.ladder import Rung, Signal
from tts.strategies.allocation.policy import HeldOut, Interval, Peak

ONE = {
    "tokens": "a token",
    "fresh_tokens": "a fresh token",
    "flops": "a FLOP",
    "dollars": "a dollar",
    "seconds": "a second",
    "calls": "a call",
}
"""Of what a price is paid in."""


def summary_lines(found: Calibration) -> Iterator[str]:
    """For the terminal, a line each."""
    policy = found.policy
    sizes = {name: len(ids) for name, ids in policy.problems.items()}
    told = ", ".join(f"{count:,} {name.replace('_', '-')}" for name, count in sizes.items())
    yield f"problems     {told}" + (f"; {found.left_out:,} left out" if found.left_out else "")
    yield f"price        {policy.price:.2g} of accuracy {ONE[policy.cost]}, ladder {policy.digest}"
    for place, rung in enumerate(policy.ladder.rungs, start=1):
        yield f"rung {place}       {rung_in_words(rung)}"
    if policy.peak is not None:
        yield f"peak         {_turn(policy.peak)}"
    if policy.held_out is not None:
        yield from _judged(policy.held_out, policy.target, found.uniform, policy.ladder.signal)
    if policy.grid is not None:
        yield from grid_lines(policy.grid, policy.cost)
    yield from (f"! {note}" for note in found.notes)


def _turn(peak: Peak) -> str:
    """How many draws the selector is good for."""
    told = f"{peak.n} draws of {peak.most} [{peak.low}, {peak.high}]"
    if not peak.turns:
        return f"{told}: more are not decidedly worse"
    return f"{told}: more cost {points(peak.gain)} points, so no rung goes on"


def rung_in_words(rung: Rung) -> str:
    """Whom it asks, and its figures."""
    how = (
        "one greedy draw"
        if rung.temperature == 0
        else f"at most {rung.n} draw{'' if rung.n == 1 else 's'}"
    )
    parts = [rung.who if rung.strategy else f"{rung.who}: {how}"]
    if rung.accept is not None:
        parts.append(f"accepted from {rung.accept:g}")
    if rung.abandon:
        parts.append(f"given up below {rung.abandon:g} after {rung.patience}")
    if rung.worth:
        parts.append(f"while the next is worth {rung.worth:g}")
    if rung.bins:
        parts.append(f"for bins {', '.join(map(str, rung.bins))}")
    return ", ".join(parts)


def _judged(held: HeldOut, target: str, uniform: int, signal: Signal) -> Iterator[str]:
    yield f"held out     {held.problems:,} problems, never seen by the fit"
    yield f"accuracy     {percent(held.accuracy)}, {target} {percent(held.target)}"
    yield f"difference   {points(held.difference)} points, paired"
    yield f"tokens       {_plain(held.tokens)} a problem, {target} {_plain(held.target_tokens)}"
    yield f"ratio        {_times(held.ratio)} times fewer tokens"
    yield f"             {_times(held.ratio_prompt_once)} if {target} paid its prompt once"
    if signal == "score":
        yield f"             {_times(held.ratio_rescored)} if equal texts were scored again as well"
    if held.flops_ratio is not None:
        yield f"FLOPs        {_times(held.flops_ratio)} times fewer"
    if held.control is not None:
        yield f"control      {_times(held.control)} by uniform draws chosen alike ({uniform})"
    if held.ece is not None:
        what = "scores" if signal == "score" else "vote shares"
        yield f"ECE          {held.ece:.3f} of the {what} of accepted answers"
    for one in held.slices:
        yield (
            f"  {one.name}: {percent(one.accuracy)}, {one.tokens:,.0f} tokens, "
            f"{one.failed} accepted and wrong"
        )


def _plain(one: Interval) -> str:
    return f"{one.value:,.0f} [{one.low:,.0f}, {one.high:,.0f}]"


def _times(one: Interval) -> str:
    return f"{one.value:.2f} [{one.low:.2f}, {one.high:.2f}]"
