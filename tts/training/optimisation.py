"""The optimisers and their schedule."""

# pyright: reportMissingImports=false

from __future__ import annotations

import math

from torch import nn, optim

from tts.training.muon import Muon

_WARM_UP_SHARE = 0.03
_FLOOR = 0.02


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
