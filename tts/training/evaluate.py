"""Measure a shipped model: python -m tts.training.evaluate --model small."""

from __future__ import annotations

import argparse
import asyncio
import logging
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import pairwise
from statistics import fmean

from tts.arithmetic import ArithmeticProblem, generate, generate_graded
from tts.backends.embedded.model import (
    SCORERS,
    EmbeddedModel,
    EmbeddedName,
    ScorerName,
)
from tts.backends.embedded.step_scorer import EmbeddedStepScorer
from tts.protocols import Meter, StepScoreRequest
from tts.training.architecture import write_section
from tts.training.step_samples import StepSample, sample_steps
from tts.values import Message

_LOG = logging.getLogger(__name__)
_BINS = (1, 2, 3, 4, 5)
_BOXED = re.compile(r"\\boxed\{(\d+)\}")
MEASURED: tuple[EmbeddedName, ...] = ("small", "large", "prm", "steps", "steps-prm")
_EDGES = (0.0, 0.05, 0.2, 0.35, 0.5, 0.65, 0.8, 0.95, 1.0)
Groups = list[list[StepSample]]
Problems = list[ArithmeticProblem]


def problems_for(name: EmbeddedName, difficulty_bin: int, count: int, seed: int) -> Problems:
    """Held-out problems of the kind that a model was trained for."""
    graded = name in ("steps", "steps-prm")
    return (generate_graded if graded else generate)(difficulty_bin, count, seed)


async def policy_results(
    name: EmbeddedName, count: int, draws: int, temperature: float, seed: int
) -> str:
    """A Markdown table of greedy accuracy, pass@1, pass@n and majority vote per bin, and how pass@1
    is spread over the problems."""
    embedded = EmbeddedModel.shipped(name)
    lines = [
        f"{count} held-out problems per bin (seed {seed}), {draws} draws at temperature {temperature:g}.",
        f"First steps: how many different ones {draws} draws begin with.\n",
        f"| bin | greedy | pass@1 | pass@{draws} | majority of {draws} | first steps | tokens per draw |",
        "|---|---|---|---|---|---|---|",
    ]
    rates: list[float] = []
    for difficulty_bin in _BINS:
        problems = problems_for(name, difficulty_bin, count, seed)
        greedy = await sample_steps(embedded, problems, draws=1, temperature=0.0)
        groups = await sample_steps(embedded, problems, draws=draws, temperature=temperature)
        figures = (
            _pass_at_one(greedy),
            _pass_at_one(groups),
            fmean(any(sample.solved for sample in group) for group in groups),
            fmean(_majority(group) for group in groups),
        )
        tokens = fmean(len(embedded.tokenizer.encode(s.text)) + 1 for g in groups for s in g)
        begun = fmean(len({sample.steps[:1] for sample in group}) for group in groups)
        row = " | ".join(f"{figure:.3f}" for figure in figures)
        lines.append(f"| {difficulty_bin} | {row} | {begun:.1f} | {tokens:.0f} |")
        rates += [_pass_at_one([group]) for group in groups]
        _LOG.info("%s", lines[-1])
    return "\n".join([*lines, "", spread(rates)])


def spread(rates: Sequence[float]) -> str:
    """Which share of the problems has a pass@1 in each interval."""
    pairs = list(pairwise(_EDGES))
    held = [
        fmean(low <= rate < high or rate == high == 1.0 for rate in rates) for low, high in pairs
    ]
    shares = [
        f"{low:.2f}–{high:.2f}: {share:.0%}" for (low, high), share in zip(pairs, held, strict=True)
    ]
    return f"Problems by pass@1 (lower edge included): {', '.join(shares)}."


async def scorer_results(
    name: ScorerName, count: int, draws: int, temperature: float, seed: int
) -> str:
    """A Markdown table of step AUC, rank and selection among its policy's draws per bin."""
    own: EmbeddedName = "small" if name == "prm" else "steps"
    policy = EmbeddedModel.shipped(own)
    columns = (
        *("bin", "step AUC", "rank", "pass@1", f"majority of {draws}", f"best of {draws}"),
        *(f"weighted vote of {draws}", f"pass@{draws}"),
    )
    lines = [
        f"{count} held-out problems per bin (seed {seed}), {draws} draws of `{own}` at",
        f"temperature {temperature:g}; a solution's score is its lowest step score. Rank: how often a",
        "right solution scores above a wrong one of the same problem.\n",
        f"| {' | '.join(columns)} |",
        "|---|---|---|---|---|---|---|---|",
    ]
    pooled: list[tuple[float, bool]] = []
    for difficulty_bin in _BINS:
        problems = problems_for(name, difficulty_bin, count, seed)
        groups = await sample_steps(policy, problems, draws=draws, temperature=temperature)
        scores = await _score(name, groups)
        flat = list(_steps(groups, scores))
        pooled += flat
        lowest = [[min(row, default=0.0) for row in rows] for rows in scores]
        pairs = list(zip(groups, lowest, strict=True))
        figures = (
            auc(*zip(*flat, strict=True)),
            rank(pairs),
            _pass_at_one(groups),
            fmean(_majority(group) for group in groups),
            fmean(_best(*pair).solved for pair in pairs),
            fmean(_majority(*pair) for pair in pairs),
            fmean(any(sample.solved for sample in group) for group in groups),
        )
        lines.append(f"| {difficulty_bin} | " + " | ".join(f"{f:.3f}" for f in figures) + " |")
        _LOG.info("%s", lines[-1])
    lines.append(f"\nStep AUC over all bins: {auc(*zip(*pooled, strict=True)):.3f}.")
    _LOG.info("%s", lines[-1])
    return "\n".join(lines)


def rank(pairs: Sequence[tuple[Sequence[StepSample], Sequence[float]]]) -> float:
    """The share of (right, wrong) solutions of one problem that are in order; ties count half."""
    ordered = [
        (right > wrong) + (right == wrong) / 2
        for group, scores in pairs
        for good, right in zip(group, scores, strict=True)
        if good.solved
        for bad, wrong in zip(group, scores, strict=True)
        if not bad.solved
    ]
    return fmean(ordered)


def _steps(
    groups: Groups, scores: Sequence[Sequence[Sequence[float]]]
) -> Iterator[tuple[float, bool]]:
    for group, rows in zip(groups, scores, strict=True):
        for sample, row in zip(group, rows, strict=True):
            yield from zip(row, sample.labels, strict=True)


async def _score(name: ScorerName, groups: Groups) -> list[list[tuple[float, ...]]]:
    scorer = EmbeddedStepScorer(EmbeddedModel.shipped(name))

    async def judge(sample: StepSample) -> tuple[float, ...]:
        messages = (Message("user", sample.problem.prompt),)
        request = StepScoreRequest(messages=messages, steps=sample.steps)
        return (await scorer.score_steps(request, Meter())).scores

    scores = [list(await asyncio.gather(*map(judge, group))) for group in groups]
    await scorer.close()
    return scores


def _best(group: Sequence[StepSample], scores: Sequence[float]) -> StepSample:
    return group[scores.index(max(scores))]


def _pass_at_one(groups: Groups) -> float:
    return fmean(sample.solved for group in groups for sample in group)


def _majority(group: Sequence[StepSample], weights: Sequence[float] | None = None) -> bool:
    """Whether the boxed answer with most votes, or with most weight, is right."""
    votes: dict[str, float] = defaultdict(float)
    for sample, weight in zip(group, weights or [1.0] * len(group), strict=True):
        if match := _BOXED.search(sample.text):
            votes[match.group(1)] += weight
    return bool(votes) and max(votes, key=votes.__getitem__) == group[0].problem.answer


def auc(scores: Sequence[float], labels: Sequence[bool]) -> float:
    """The chance that a random true item scores above a random false one; ties count half.

    Raises ValueError where a class is empty.
    """
    positives = sum(labels)
    negatives = len(labels) - positives
    if not positives or not negatives:
        raise ValueError("Both classes are needed.")
    ordered = sorted(zip(scores, labels, strict=True))
    wins, seen_negatives, start = 0.0, 0, 0
    while start < len(ordered):
        end = start
        while end < len(ordered) and ordered[end][0] == ordered[start][0]:
            end += 1
        tied_positives = sum(label for _, label in ordered[start:end])
        tied_negatives = end - start - tied_positives
        wins += tied_positives * (seen_negatives + tied_negatives / 2)
        seen_negatives += tied_negatives
        start = end
    return wins / (positives * negatives)


def main() -> None:
    """Read the command line, measure and write the card."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", choices=MEASURED, required=True)
    parser.add_argument("--problems", type=int, default=200)
    parser.add_argument("--draws", type=int, default=16)
    parser.add_argument("--temperature", type=float, default=1.0)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    size = (options.problems, options.draws, options.temperature, options.seed)
    if options.model in SCORERS:
        results = asyncio.run(scorer_results(options.model, *size))
    else:
        results = asyncio.run(policy_results(options.model, *size))
    write_section(options.model, "Results", results)


if __name__ == "__main__":
    main()
