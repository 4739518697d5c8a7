"""Warm start of a wide network from a narrow one, and the way back."""

# pyright: reportMissingImports=false

from __future__ import annotations

import torch
from torch import Tensor

from tts.training.network import Network

_NEW_OUTPUT_PARTS = ("o_proj", "down_proj")


def widen(wide: Network, narrow: dict[str, Tensor]) -> None:
    """Copy `narrow` weights into the corner of `wide` so that it computes the same logits.

    The old hidden features read only old ones; the new features, heads and layers keep their
    random weights wherever those cannot reach the old features, and are zero elsewhere. Norm
    gains shrink by the square root of the width ratio, for the new features start at zero.
    """
    gain = (narrow["norm.weight"].shape[0] / wide.shape.hidden) ** 0.5
    with torch.no_grad():
        for name, parameter in wide.named_parameters():
            source = narrow.get(name)
            if source is None:
                if any(part in name for part in _NEW_OUTPUT_PARTS):
                    parameter.zero_()
            elif source.ndim == 1:
                parameter.fill_(gain)
                parameter[: source.shape[0]] = source * gain
            else:
                _fill_corner(name, parameter, source)


def narrowed(wide: dict[str, Tensor], narrow: Network) -> None:
    """Fill `narrow` with the corner of a network that was widened from one of its shape.

    What the new features learnt since is lost: nearly nothing where that training was short.
    """
    gain = (narrow.shape.hidden / wide["norm.weight"].shape[0]) ** 0.5
    with torch.no_grad():
        for name, parameter in narrow.named_parameters():
            source = wide[name][tuple(slice(size) for size in parameter.shape)]
            parameter.copy_(source / gain if source.ndim == 1 else source)


def _fill_corner(name: str, parameter: Tensor, source: Tensor) -> None:
    rows, columns = source.shape
    if "embed_tokens" in name:
        parameter.zero_()
    else:
        parameter[:rows, columns:] = 0.0
    if any(part in name for part in _NEW_OUTPUT_PARTS):
        parameter[rows:, :] = 0.0
    parameter[:rows, :columns] = source
