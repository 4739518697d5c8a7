"""Measure a countdown model: python -m tts.training.countdown.evaluate --model countdown."""

from __future__ import annotations

import argparse
import asyncio
import logging
from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise
from statistics import fmean
from typing import Literal, get_args

from tts.backends.embedded.model import EmbeddedModel
from tts.countdown import generate
from tts.countdown.problem import DIFFICULTIES
from tts.training.architecture import write_section
from tts.training.countdown.samples import Played, play, values

_LOG = logging.getLogger(__name__)
_EDGES = (0.0, 0.05, 0.2, 0.4, 0.6, 0.8, 0.95, 1.01)
Name = Literal["countdown", "countdown-value"]
Groups = list[list[Played]]
Pair = tuple[float, bool]
"""A score, and whether what it was given to is right."""


async def policy_results(count: int, draws: int, temperature: float, seed: int) -> str:
    """A Markdown table of accuracies and first steps per bin, and how pass@1 is spread."""
    policy = EmbeddedModel.shipped("countdown")
    lines = [
        f"{count} held-out problems per bin (seed {seed}), {draws} draws at temperature",
        f"{temperature:g}. First steps: how many different ones {draws} draws begin with.\n",
        f"| bin | greedy | pass@1 | pass@{draws} | first steps | all steps legal | tokens per draw |",
        "|---|---|---|---|---|---|---|",
    ]
    chances: list[float] = []
    for difficulty_bin in DIFFICULTIES:
        problems = generate(difficulty_bin, count, seed)
        greedy = await play(policy, problems, draws=1, temperature=0.0)
        groups = await play(policy, problems, draws=draws, temperature=temperature)
        own = [fmean(one.solved for one in group) for group in groups]
        chances += own
        figures = (
            fmean(one.solved for group in greedy for one in group),
            fmean(own),
            fmean(chance > 0 for chance in own),
        )
        row = " | ".join(f"{figure:.3f}" for figure in figures)
        first = fmean(len({one.steps[:1] for one in group}) for group in groups)
        legal = fmean(one.legal for group in groups for one in group)
        tokens = fmean(len(policy.tokenizer.encode(s.text)) + 1 for g in groups for s in g)
        lines.append(f"| {difficulty_bin} | {row} | {first:.1f} | {legal:.3f} | {tokens:.0f} |")
        _LOG.info("%s", lines[-1])
    return "\n".join([*lines, f"\n{spread(chances)}"])


def spread(chances: Sequence[float]) -> str:
    """Which share of the problems has a pass@1 in each part of the scale."""
    parts = [
        f"{low:g}-{min(high, 1):g}: {fmean(low <= chance < high for chance in chances):.2f}"
        for low, high in pairwise(_EDGES)
    ]
    return f"Problems by their pass@1: {', '.join(parts)}."


async def value_results(count: int, draws: int, temperature: float, seed: int) -> str:
    """A Markdown table of ranks inside problems and of selection among the policy's draws."""
    policy, model = EmbeddedModel.shipped("countdown"), EmbeddedModel.shipped("countdown-value")
    lines = [
        f"{count} held-out problems per bin (seed {seed}), {draws} draws of the policy at",
        f"temperature {temperature:g}. Rank: how often a right solution scores above a wrong one of",
        "the same problem, by the value after the last step. Rank after k steps: how often, of two",
        "beginnings of one problem, the one from which the target can be reached (by exhaustive",
        "search) scores above one from which it cannot.\n",
        f"| bin | rank | after 1 step | after 2 | after 3 | pass@1 | best of {draws} | pass@{draws} |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for difficulty_bin in DIFFICULTIES:
        problems = generate(difficulty_bin, count, seed)
        groups = await play(policy, problems, draws=draws, temperature=temperature)
        scores = await values(model, groups)
        lines.append(f"| {difficulty_bin} | {_value_row(groups, scores)} |")
        _LOG.info("%s", lines[-1])
    return "\n".join(lines)


def _value_row(groups: Groups, scores: list[list[tuple[float, ...]]]) -> str:
    def pairs(read: Callable[[Played, tuple[float, ...]], Pair | None]) -> list[list[Pair]]:
        return [
            [pair for one, row in zip(*both, strict=True) if (pair := read(one, row)) is not None]
            for both in zip(groups, scores, strict=True)
        ]

    whole = pairs(lambda one, row: (row[-1] if row else 0.0, one.solved))
    best = [max(group, key=lambda pair: pair[0])[1] for group in whole]
    figures = [
        rank(whole),
        *(
            rank(
                pairs(
                    lambda one, row, at=step: (  # type: ignore[misc]
                        (row[at], one.labels[at]) if len(row) > at + 1 else None
                    )
                )
            )
            for step in range(3)
        ),
        fmean(right for group in whole for _, right in group),
        fmean(best),
        fmean(any(right for _, right in group) for group in whole),
    ]
    return " | ".join("-" if figure is None else f"{figure:.3f}" for figure in figures)


def rank(groups: Iterable[Sequence[Pair]]) -> float | None:
    """The share of (right, wrong) pairs of one group that are in order, ties half; None: no pair."""
    ordered = [
        (high > low) + (high == low) / 2
        for group in groups
        for high, right in group
        if right
        for low, other in group
        if not other
    ]
    return fmean(ordered) if ordered else None


def main() -> None:
    """Read the command line, measure and write the card."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", choices=get_args(Name), required=True)
    parser.add_argument("--problems", type=int, default=100)
    parser.add_argument("--draws", type=int, default=16)
    parser.add_argument("--temperature", type=float, default=0.6)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    name: Name = options.model
    measure = policy_results if name == "countdown" else value_results
    size = (options.problems, options.draws, options.temperature, options.seed)
    write_section(name, "Results", asyncio.run(measure(*size)))


if __name__ == "__main__":
    main()
