"""Measure a shipped model: python -m tts.training.evaluate --model small."""

from __future__ import annotations

import argparse
import asyncio
import logging
import re
from collections import Counter
from collections.abc import Sequence
from statistics import fmean

from tts.arithmetic import generate
from tts.backends.embedded.embedded_model import EMBEDDED_NAMES, EmbeddedModel, EmbeddedName
from tts.backends.embedded.step_scorer import EmbeddedStepScorer
from tts.protocols import Meter, StepScoreRequest
from tts.training.auc import auc
from tts.training.card import write_section
from tts.training.step_samples import StepSample, sample_steps
from tts.values import Message

_LOG = logging.getLogger(__name__)
_BINS = (1, 2, 3, 4, 5)
_BOXED = re.compile(r"\\boxed\{(\d+)\}")
Groups = list[list[StepSample]]


async def policy_results(
    name: EmbeddedName, count: int, draws: int, temperature: float, seed: int
) -> str:
    """A Markdown table of greedy accuracy, pass@1, pass@n and majority vote per bin."""
    embedded = EmbeddedModel.shipped(name)
    lines = [
        f"{count} held-out problems per bin (seed {seed}), {draws} draws at temperature {temperature:g}.\n",
        f"| bin | greedy | pass@1 | pass@{draws} | majority of {draws} | tokens per draw |",
        "|---|---|---|---|---|---|",
    ]
    for difficulty_bin in _BINS:
        problems = generate(difficulty_bin, count, seed)
        greedy = await sample_steps(embedded, problems, draws=1, temperature=0.0)
        groups = await sample_steps(embedded, problems, draws=draws, temperature=temperature)
        figures = (
            _pass_at_one(greedy),
            _pass_at_one(groups),
            fmean(any(sample.solved for sample in group) for group in groups),
            fmean(_majority(group) for group in groups),
        )
        tokens = fmean(len(embedded.tokenizer.encode(s.text)) + 1 for g in groups for s in g)
        row = " | ".join(f"{figure:.3f}" for figure in figures)
        lines.append(f"| {difficulty_bin} | {row} | {tokens:.0f} |")
        _LOG.info("%s", lines[-1])
    return "\n".join(lines)


async def scorer_results(count: int, draws: int, temperature: float, seed: int) -> str:
    """A Markdown table of step AUC and of selection among the small policy's draws per bin."""
    policy = EmbeddedModel.shipped("small")
    lines = [
        f"{count} held-out problems per bin (seed {seed}), {draws} draws of the small policy at",
        f"temperature {temperature:g}; the best of {draws} is the one whose lowest step score is",
        "highest.\n",
        f"| bin | step AUC | correct steps | pass@1 | best of {draws} | majority of {draws} |",
        "|---|---|---|---|---|---|",
    ]
    pooled: list[tuple[float, bool]] = []
    for difficulty_bin in _BINS:
        problems = generate(difficulty_bin, count, seed)
        groups = await sample_steps(policy, problems, draws=draws, temperature=temperature)
        scores = await _score(groups)
        flat = [
            pair
            for group, rows in zip(groups, scores, strict=True)
            for sample, row in zip(group, rows, strict=True)
            for pair in zip(row, sample.labels, strict=True)
        ]
        pooled += flat
        chosen = [_best(*pair) for pair in zip(groups, scores, strict=True)]
        figures = (
            auc(*zip(*flat, strict=True)),
            fmean(label for _, label in flat),
            _pass_at_one(groups),
            fmean(sample.solved for sample in chosen),
            fmean(_majority(group) for group in groups),
        )
        lines.append(f"| {difficulty_bin} | " + " | ".join(f"{f:.3f}" for f in figures) + " |")
        _LOG.info("%s", lines[-1])
    lines.append(f"\nStep AUC over all bins: {auc(*zip(*pooled, strict=True)):.3f}.")
    _LOG.info("%s", lines[-1])
    return "\n".join(lines)


async def _score(groups: Groups) -> list[list[tuple[float, ...]]]:
    scorer = EmbeddedStepScorer(EmbeddedModel.shipped("prm"))

    async def judge(sample: StepSample) -> tuple[float, ...]:
        messages = (Message("user", sample.problem.prompt),)
        request = StepScoreRequest(messages=messages, steps=sample.steps)
        return (await scorer.score_steps(request, Meter())).scores

    scores = [list(await asyncio.gather(*map(judge, group))) for group in groups]
    await scorer.close()
    return scores


def _best(group: Sequence[StepSample], scores: Sequence[Sequence[float]]) -> StepSample:
    """The draw whose lowest step score is highest."""
    lowest = [min(row, default=0.0) for row in scores]
    return group[lowest.index(max(lowest))]


def _pass_at_one(groups: Groups) -> float:
    return fmean(sample.solved for group in groups for sample in group)


def _majority(group: Sequence[StepSample]) -> bool:
    """Whether the commonest boxed answer is right."""
    answers = [match.group(1) for s in group if (match := _BOXED.search(s.text))]
    votes = Counter(answers).most_common(1)
    return bool(votes) and votes[0][0] == group[0].problem.answer


def main() -> None:
    """Read the command line, measure and write the card."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", choices=EMBEDDED_NAMES, required=True)
    parser.add_argument("--problems", type=int, default=200)
    parser.add_argument("--draws", type=int, default=16)
    parser.add_argument("--temperature", type=float, default=1.0)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    size = (options.problems, options.draws, options.temperature, options.seed)
    if options.model == "prm":
        results = asyncio.run(scorer_results(*size))
    else:
        results = asyncio.run(policy_results(options.model, *size))
    write_section(options.model, "Results", results)


if __name__ == "__main__":
    main()
