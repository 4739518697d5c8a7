"""Train one policy: python -m tts.training.policy --size small --seed 0 --minutes 14."""

# pyright: reportMissingImports=false

from __future__ import annotations

import argparse
import logging
import time
from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional

from tts.training.architecture import ARCHITECTURES
from tts.training.card import write_section
from tts.training.corpus import IGNORED, PROBLEMS_PER_BIN, training_batches
from tts.training.model_folder import load_weights, save_model_folder
from tts.training.network import Network
from tts.training.optimisation import Optimisation
from tts.training.vocabulary import build_tokenizer
from tts.training.widen import widen

_LOG = logging.getLogger(__name__)
_RATES = {"small": 8e-3, "large": 3e-3}
_LOG_EVERY = 50


def train_policy(size: Literal["small", "large"], seed: int, minutes: float) -> None:
    """Train on gold solutions for `minutes` of wall time and save the model folder.

    The large policy starts from the saved small one; a first folder is saved at half time.
    """
    torch.manual_seed(seed)
    network = Network(ARCHITECTURES[size])
    if size == "large":
        widen(network, _without_prefix(load_weights("small")))
    optimisation = Optimisation(network, _RATES[size])
    started, half_saved = time.monotonic(), False
    step, tokens, loss = 0, 0, 0.0
    # The large policy must not see the small one's problems again before new ones.
    batches = training_batches(build_tokenizer(), seed if size == "small" else seed + 1)
    for step, batch in enumerate(batches):
        progress = (time.monotonic() - started) / (60 * minutes)
        if progress >= 1:
            break
        if progress >= 0.5 and not half_saved:
            _save(size, network)
            half_saved = True
        loss = _accumulate(network, batch)
        optimisation.step(progress)
        tokens += sum(inputs.numel() for inputs, _ in batch)
        if step % _LOG_EVERY == 0:
            _LOG.info("step %d loss %.4f progress %.3f tokens %d", step, loss, progress, tokens)
    _save(size, network)
    origin = "random weights" if size == "small" else "the small policy, widened (`widen.py`)"
    write_section(
        size,
        "Training",
        f"Data: gold solutions of generated training problems (`tts.arithmetic`), a new "
        f"batch of {sum(PROBLEMS_PER_BIN.values())} every step, loss on the solution only. "
        f"Starts from {origin}. Seed {seed}, {minutes:g} minutes on two processor cores, "
        f"{step} steps, {tokens} tokens, last loss {loss:.4f}.",
    )


def _accumulate(network: Network, batch: list[tuple[Tensor, Tensor]]) -> float:
    count = sum(int((targets != IGNORED).sum()) for _, targets in batch)
    total = 0.0
    for inputs, targets in batch:
        scored = targets != IGNORED
        logits = network.logits(network(inputs)[scored])
        loss = functional.cross_entropy(logits, targets[scored], reduction="sum") / count
        loss.backward()
        total += float(loss.detach())
    return total


def _without_prefix(weights: dict[str, Tensor]) -> dict[str, Tensor]:
    return {name.removeprefix("model."): tensor for name, tensor in weights.items()}


def _save(size: Literal["small", "large"], network: Network) -> None:
    weights = {f"model.{name}": tensor for name, tensor in network.state_dict().items()}
    _LOG.info("saved %s", save_model_folder(size, ARCHITECTURES[size], weights))


def main() -> None:
    """Read the command line and train."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", choices=("small", "large"), required=True)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--minutes", type=float, required=True)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    train_policy(options.size, options.seed, options.minutes)


if __name__ == "__main__":
    main()
