"""Training of a network on text: what the policies, the trunk and the planner share."""

# pyright: reportMissingImports=false

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from torch import Tensor
from torch.nn import functional

from tts.training.corpus import IGNORED
from tts.training.network import Network
from tts.training.optimisation import Optimisation

_LOG = logging.getLogger(__name__)
_LOG_EVERY = 50

Batches = Iterator[list[tuple[Tensor, Tensor]]]
"""Batches of micro-batches: (inputs, targets), both (rows, tokens), `IGNORED` where not judged."""


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
