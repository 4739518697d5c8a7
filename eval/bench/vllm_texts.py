"""Whether three homes of one model write the same greedy texts."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf

from tts.eval.bench.row import Row, exactly, figure
from tts.protocols import GenerateRequest, Generator, Meter
from tts.values import Completion, Message, Problem, Sampling

TIE = 1e-4
"""Best log-probabilities nearer than this may be swapped by rounding."""


async def text_rows(
    embedded: Generator, others: dict[str, Generator], problems: Sequence[Problem]
) -> list[Row]:
    """Bar (d): greedy texts that differ although there was no tie, and the ties, per home."""
    reference = [await _greedy(embedded, one) for one in problems]
    rows: list[Row] = []
    for name, generator in others.items():
        drawn = [await _greedy(generator, one) for one in problems]
        pairs = [(a, b) for a, b in zip(reference, drawn, strict=True) if a.text != b.text]
        ties = sum(_gap(a, b) < TIE for a, b in pairs)
        rows += [
            exactly(f"{name}, greedy texts that differ", len(pairs) - ties, "texts", bar=0),
            figure(f"{name}, greedy texts that a tie decided", ties, "texts"),
        ]
    return rows


async def _greedy(generator: Generator, problem: Problem) -> Completion:
    request = GenerateRequest(
        messages=(Message("user", problem.prompt),),
        sampling=Sampling(temperature=0.0, max_tokens=160, logprobs=2),
        seeds=(0,),
    )
    (completion,) = (await generator.generate(request, Meter())).completions
    assert completion is not None
    return completion


def _gap(left: Completion, right: Completion) -> float:
    """How far apart the two best tokens were where the texts part."""
    for a, b, report in zip(left.token_ids, right.token_ids, left.logprobs, strict=False):
        if a != b:
            return report.top[0][1] - report.top[1][1]
    return inf
