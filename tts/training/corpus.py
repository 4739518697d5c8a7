"""Batches of gold solutions for the policies."""

# pyright: reportMissingImports=false

from __future__ import annotations

from collections.abc import Iterator

import torch
from tokenizers import Tokenizer
from torch import Tensor

from tts.arithmetic import FIRST_TRAINING_SEED, ArithmeticProblem, generate, solution
from tts.training.architecture import ASSISTANT, END, PAD, USER, token_id

IGNORED = -100
PROBLEMS_PER_BIN = {1: 8, 2: 12, 3: 14, 4: 16, 5: 14}
_MICRO_BATCHES = 4


def training_batches(tokenizer: Tokenizer, seed: int) -> Iterator[list[tuple[Tensor, Tensor]]]:
    """Endless batches; each is micro-batches of similar length: (inputs, targets), both
    (rows, tokens), with the prompt and the padding ignored in the targets."""
    step = 0
    while True:
        first = FIRST_TRAINING_SEED + seed * 1_000_000 + step
        problems = [
            problem
            for difficulty_bin, count in PROBLEMS_PER_BIN.items()
            for problem in generate(difficulty_bin, count, first)
        ]
        yield micro_batches([_encode(tokenizer, problem) for problem in problems])
        step += 1


def prompt_text(problem: ArithmeticProblem) -> str:
    """The rendered chat up to the start of the answer."""
    return f"{USER}{problem.prompt}{ASSISTANT}"


def _encode(tokenizer: Tokenizer, problem: ArithmeticProblem) -> tuple[list[int], int]:
    prompt: list[int] = tokenizer.encode(prompt_text(problem)).ids
    answer: list[int] = tokenizer.encode(solution(problem.expression) + END).ids
    return prompt + answer, len(prompt)


def micro_batches(rows: list[tuple[list[int], int]]) -> list[tuple[Tensor, Tensor]]:
    """Rows of (ids, length of the prompt) as padded batches of similar length."""
    ordered = sorted(rows, key=lambda row: len(row[0]))
    size = -(-len(ordered) // _MICRO_BATCHES)
    groups = [ordered[start : start + size] for start in range(0, len(ordered), size)]
    return [_pad(group, token_id(PAD)) for group in groups]


def _pad(rows: list[tuple[list[int], int]], pad: int) -> tuple[Tensor, Tensor]:
    longest = max(len(ids) for ids, _ in rows) - 1
    inputs = torch.full((len(rows), longest), pad)
    targets = torch.full((len(rows), longest), IGNORED)
    for index, (ids, prompt_length) in enumerate(rows):
        inputs[index, : len(ids) - 1] = torch.tensor(ids[:-1])
        targets[index, prompt_length - 1 : len(ids) - 1] = torch.tensor(ids[prompt_length:])
    return inputs, targets
