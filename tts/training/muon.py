"""Muon, with its orthogonalisation in float32."""

# pyright: reportMissingImports=false

from __future__ import annotations

import torch
from torch import Tensor, nn

_COEFFICIENTS = (3.4445, -4.7750, 2.0315)
_ITERATIONS = 5


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
