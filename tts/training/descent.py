"""Batches of gold solutions, and gradient descent over them: the loop, its optimisers, their schedule."""

# pyright: reportMissingImports=false

from __future__ import annotations

import logging
import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

import torch
from tokenizers import Tokenizer
from torch import Tensor, nn, optim
from torch.nn import functional

from tts.arithmetic import FIRST_TRAINING_SEED, ArithmeticProblem, generate, solution
from tts.training.architecture import ASSISTANT, END, PAD, USER, token_id
from tts.training.network import Network

IGNORED = -100
PROBLEMS_PER_BIN = {1: 8, 2: 12, 3: 14, 4: 16, 5: 14}
_MICRO_BATCHES = 4
_LOG = logging.getLogger(__name__)
_LOG_EVERY = 50

Batches = Iterator[list[tuple[Tensor, Tensor]]]
"""Batches of micro-batches: (inputs, targets), both (rows, tokens), `IGNORED` where not judged."""

_WARM_UP_SHARE = 0.03
_FLOOR = 0.02
_COEFFICIENTS = (3.4445, -4.7750, 2.0315)
_ITERATIONS = 5


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


@dataclass(frozen=True, slots=True)
class Descent:
    """What a training did."""

    steps: int
    tokens: int
    loss: float
    """Nats per judged token in the last batch."""

    def __str__(self) -> str:
        return f"{self.steps} steps, {self.tokens} tokens, last loss {self.loss:.5f}"


def descend(network: Network, batches: Batches, *, rate: float, steps: int) -> Descent:
    """Train on the next token for a number of steps, at `rate` at its highest.

    Counted in steps, not in time, so that a seed gives the same weights on any machine with the
    same arithmetic.
    """
    optimisation = Optimisation(network, rate)
    tokens, loss = 0, 0.0
    for step, batch in enumerate(islice(batches, steps)):
        loss = _accumulate(network, batch)
        optimisation.step(step / steps)
        tokens += sum(inputs.numel() for inputs, _ in batch)
        if step % _LOG_EVERY == 0:
            _LOG.info("step %d of %d loss %.5f tokens %d", step, steps, loss, tokens)
    return Descent(steps, tokens, loss)


def _accumulate(network: Network, batch: list[tuple[Tensor, Tensor]]) -> float:
    count = sum(int((targets != IGNORED).sum()) for _, targets in batch)
    total = 0.0
    for inputs, targets in batch:
        judged = targets != IGNORED
        logits = network.logits(network(inputs)[judged])
        loss = functional.cross_entropy(logits, targets[judged], reduction="sum") / count
        loss.backward()
        total += float(loss.detach())
    return total


class Optimisation:
    """Muon for the matrices of the blocks and AdamW for the rest, on one cosine schedule."""

    def __init__(self, module: nn.Module, rate: float) -> None:
        matrices = [
            parameter
            for name, parameter in module.named_parameters()
            if parameter.ndim == 2 and "layers." in name
        ]
        chosen = {id(parameter) for parameter in matrices}
        others = [parameter for parameter in module.parameters() if id(parameter) not in chosen]
        self._parameters = list(module.parameters())
        self._rate = rate
        self._muon = Muon(matrices, momentum=0.95, decay=0.05)
        self._adam = optim.AdamW(others, lr=rate, weight_decay=0.0, betas=(0.9, 0.98))

    def step(self, progress: float) -> None:
        """Apply the gradients at `progress` (0 to 1) of the training, then clear them."""
        rate = self._rate * _schedule(progress)
        nn.utils.clip_grad_norm_(self._parameters, 1.0)
        for group in self._adam.param_groups:
            group["lr"] = rate
        self._adam.step()
        self._adam.zero_grad()
        self._muon.step(rate)


def _schedule(progress: float) -> float:
    if progress < _WARM_UP_SHARE:
        return progress / _WARM_UP_SHARE + 1e-3
    share = min(1.0, (progress - _WARM_UP_SHARE) / (1 - _WARM_UP_SHARE))
    return _FLOOR + (1 - _FLOOR) * (1 + math.cos(math.pi * share)) / 2


class Muon:
    """Momentum whose update matrices are orthogonalised by Newton-Schulz iterations.

    torch.optim.Muon iterates in bfloat16, which processors without such units emulate slowly.
    """

    def __init__(self, parameters: list[nn.Parameter], momentum: float, decay: float) -> None:
        self._parameters = parameters
        self._momentum = momentum
        self._decay = decay
        self._velocities = [torch.zeros_like(parameter) for parameter in parameters]

    def step(self, rate: float) -> None:
        """Apply and clear the gradients; `rate` is on the scale of an AdamW learning rate."""
        with torch.no_grad():
            for parameter, velocity in zip(self._parameters, self._velocities, strict=True):
                gradient = parameter.grad
                if gradient is None:
                    continue
                velocity.lerp_(gradient, 1 - self._momentum)
                update = _orthogonalise(gradient.lerp(velocity, self._momentum))
                parameter.mul_(1 - rate * self._decay)
                parameter.add_(update, alpha=-rate * 0.2 * max(parameter.shape) ** 0.5)
                parameter.grad = None


def _orthogonalise(matrix: Tensor) -> Tensor:
    tall = matrix.shape[0] > matrix.shape[1]
    update = matrix.T if tall else matrix
    update = update / (update.norm() + 1e-7)
    first, second, third = _COEFFICIENTS
    for _ in range(_ITERATIONS):
        gram = update @ update.T
        update = first * update + (second * gram + third * gram @ gram) @ update
    return update.T if tall else update
