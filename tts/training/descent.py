"""Batches of gold solutions, and gradient descent over them: the loop, its optimisers, their schedule."""

# pyright: reportMissingImports=false

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

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
Loss = Callable[[Any, Sequence[Tensor]], Tensor]
"""Of a module and a micro-batch: nats, summed over its judged tokens."""

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


def next_token(network: Network, micro: Sequence[Tensor]) -> Tensor:
    """Cross-entropy of the judged targets of (inputs, targets)."""
    inputs, targets = micro
    judged = targets != IGNORED
    logits = network.logits(network(inputs)[judged])
    return functional.cross_entropy(logits, targets[judged], reduction="sum")


def descend(
    module: nn.Module,
    batches: Iterator[list[Any]],
    *,
    rate: float,
    steps: int,
    loss: Loss = next_token,
    checkpoint: Path | None = None,
    orthogonal: bool = True,
) -> Descent:
    """Train for a number of steps, at `rate` at its highest, by default on the next token.

    `orthogonal`: by Muon where it applies, else by AdamW alone, which is what suits weights that
    were written down and steps of few tokens.

    Counted in steps, not in time, so that a seed gives the same weights on any machine with the
    same arithmetic. A file `checkpoint` is written now and then; where it is there, the training
    goes on from it.
    """
    optimisation = Optimisation(module, rate, orthogonal=orthogonal)
    begun = resumed(checkpoint, module, optimisation)
    tokens, last = begun.tokens, begun.loss
    for step, batch in enumerate(islice(batches, begun.steps, steps), begun.steps):
        last = _accumulate(module, batch, loss)
        optimisation.step(step / steps)
        tokens += sum(micro[0].numel() for micro in batch)
        if step % _LOG_EVERY == 0:
            _LOG.info("step %d of %d loss %.5f tokens %d", step, steps, last, tokens)
            keep(checkpoint, module, optimisation, Descent(step + 1, tokens, last))
    return Descent(steps, tokens, last)


def resumed(checkpoint: Path | None, module: nn.Module, optimisation: Optimisation) -> Descent:
    """Load a checkpoint, where there is one, and say how far it had come."""
    if checkpoint is None or not checkpoint.exists():
        return Descent(0, 0, 0.0)
    kept = torch.load(checkpoint, weights_only=True)
    module.load_state_dict(kept["module"])
    optimisation.load_state(kept["optimisation"])
    return Descent(kept["steps"], kept["tokens"], kept["loss"])


def keep(
    checkpoint: Path | None, module: nn.Module, optimisation: Optimisation, done: Descent
) -> None:
    """Write a checkpoint, where one is wanted, so that a cut leaves the one before it whole."""
    if checkpoint is None:
        return
    whole = checkpoint.with_suffix(".part")
    facts = {"steps": done.steps, "tokens": done.tokens, "loss": done.loss}
    torch.save(
        {"module": module.state_dict(), "optimisation": optimisation.state(), **facts}, whole
    )
    whole.replace(checkpoint)


def _accumulate(module: nn.Module, batch: list[Any], loss: Loss) -> float:
    """The gradients of a batch; returns its loss for each judged token."""
    count = sum(int((micro[1] != IGNORED).sum()) for micro in batch)
    total = 0.0
    for micro in batch:
        share = loss(module, micro) / count
        share.backward()
        total += float(share.detach())
    return total


class Optimisation:
    """Muon for the matrices of the blocks, unless that is not wanted, and AdamW for the rest, on one
    cosine schedule."""

    def __init__(self, module: nn.Module, rate: float, *, orthogonal: bool = True) -> None:
        matrices = [
            parameter
            for name, parameter in module.named_parameters()
            if orthogonal and parameter.ndim == 2 and "layers." in name
        ]
        chosen = {id(parameter) for parameter in matrices}
        others = [parameter for parameter in module.parameters() if id(parameter) not in chosen]
        self._parameters = list(module.parameters())
        self._rate = rate
        self._muon = Muon(matrices, momentum=0.95, decay=0.05)
        self._adam = optim.AdamW(others, lr=rate, weight_decay=0.0, betas=(0.9, 0.98))

    def state(self) -> dict[str, Any]:
        """What a checkpoint keeps."""
        return {"adam": self._adam.state_dict(), "muon": self._muon.velocities}

    def load_state(self, state: dict[str, Any]) -> None:
        """Go on where a checkpoint was kept."""
        self._adam.load_state_dict(state["adam"])
        self._muon.velocities = state["muon"]

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
        self.velocities = [torch.zeros_like(parameter) for parameter in parameters]

    def step(self, rate: float) -> None:
        """Apply and clear the gradients; `rate` is on the scale of an AdamW learning rate."""
        with torch.no_grad():
            for parameter, velocity in zip(self._parameters, self.velocities, strict=True):
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
