"""A policy in words: its ladder, and what it does on problems that it was not fitted on."""

from __future__ import annotations

from collections.abc import Iterator

from tts.eval.calibration.calibrate import Calibration
from tts.strategies.allocation.ladder import Rung
from tts.strategies.allocation.policy import HeldOut, Interval


def summary_lines(found: Calibration) -> Iterator[str]:
    """For the terminal, a line each."""
    policy = found.policy
    sizes = {name: len(ids) for name, ids in policy.problems.items()}
    told = ", ".join(f"{count:,} {name.replace('_', '-')}" for name, count in sizes.items())
    yield f"problems     {told}" + (f"; {found.left_out:,} left out" if found.left_out else "")
    unit = {"tokens": "a token", "flops": "a FLOP"}[policy.cost]
    yield f"price        {policy.price:.2g} of accuracy {unit}, ladder {policy.digest}"
    for place, rung in enumerate(policy.ladder.rungs, start=1):
        yield f"rung {place}       {rung_in_words(rung)}"
    if policy.held_out is not None:
        yield from _judged(policy.held_out, policy.target, found.uniform)


def rung_in_words(rung: Rung) -> str:
    """Whom it asks, and its figures."""
    how = (
        "one greedy draw"
        if rung.temperature == 0
        else f"at most {rung.n} draw{'' if rung.n == 1 else 's'}"
    )
    parts = [f"{rung.who}: {how}"]
    if rung.accept is not None:
        parts.append(f"accepted from {rung.accept:g}")
    if rung.abandon:
        parts.append(f"given up below {rung.abandon:g} after {rung.patience}")
    if rung.worth:
        parts.append(f"while the next is worth {rung.worth:g}")
    if rung.bins:
        parts.append(f"for bins {', '.join(map(str, rung.bins))}")
    return ", ".join(parts)


def _judged(held: HeldOut, target: str, uniform: int) -> Iterator[str]:
    yield f"held out     {held.problems:,} problems, never seen by the fit"
    yield f"accuracy     {_percent(held.accuracy)}, {target} {_percent(held.target)}"
    yield f"difference   {_points(held.difference)} points, paired"
    yield f"tokens       {_plain(held.tokens)} a problem, {target} {_plain(held.target_tokens)}"
    yield f"ratio        {_times(held.ratio)} times fewer tokens"
    yield f"             {_times(held.ratio_prompt_once)} if {target} paid its prompt once"
    yield f"             {_times(held.ratio_rescored)} if equal texts were scored again as well"
    if held.flops_ratio is not None:
        yield f"FLOPs        {_times(held.flops_ratio)} times fewer"
    if held.control is not None:
        yield f"control      {_times(held.control)} by uniform draws chosen alike ({uniform})"
    if held.ece is not None:
        yield f"ECE          {held.ece:.3f} of the scores of accepted answers"
    for one in held.slices:
        yield (
            f"  {one.name}: {_percent(one.accuracy)}, {one.tokens:,.0f} tokens, "
            f"{one.failed} accepted and wrong"
        )


def _percent(one: Interval) -> str:
    return f"{100 * one.value:.1f} % [{100 * one.low:.1f}, {100 * one.high:.1f}]"


def _points(one: Interval) -> str:
    value, low, high = (f"{100 * v:+.2f}" for v in (one.value, one.low, one.high))
    return f"{value} [{low}, {high}]".replace("-", "−")


def _plain(one: Interval) -> str:
    return f"{one.value:,.0f} [{one.low:,.0f}, {one.high:,.0f}]"


def _times(one: Interval) -> str:
    return f"{one.value:.2f} [{one.low:.2f}, {one.high:.2f}]"
