"""Train one policy: python -m tts.training.policy --size small --seed 0 --minutes 14."""

# pyright: reportMissingImports=false

from __future__ import annotations

import argparse
import logging
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Literal

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor
from torch.nn import functional

from tts.training.architecture import ARCHITECTURES
from tts.training.card import write_section
from tts.training.corpus import IGNORED, PROBLEMS_PER_BIN, training_batches
from tts.training.model_folder import NARROW_STAGE, load_weights, save_model_folder
from tts.training.network import Network
from tts.training.optimisation import Optimisation
from tts.training.vocabulary import build_tokenizer
from tts.training.widen import widen

_LOG = logging.getLogger(__name__)
_SMALL_RATE = 8e-3
_NARROW_RATE = 4e-3
_WIDE_RATE = 4e-4
_NARROW_SHARE = 0.75
_LOG_EVERY = 50

PolicySize = Literal["small", "large"]
Batches = Iterator[list[tuple[Tensor, Tensor]]]


def train_small(seed: int, minutes: float) -> None:
    """Train on gold solutions for `minutes` of wall time and save the folder.

    A first folder is saved at half time.
    """
    torch.manual_seed(seed)
    network = Network(ARCHITECTURES["small"])
    halfway = partial(_save, "small", network)
    batches = training_batches(build_tokenizer(), seed)
    facts = _train(network, batches, _SMALL_RATE, minutes, halfway)
    _save("small", network)
    _write_card("small", f"Starts from random weights. Seed {seed}: {facts}.")


def train_large(seed: int, minutes: float) -> None:
    """Train on from the saved small policy, first in its own width, and save the folder.

    Goes on from the narrow stage of an earlier run where there is one; give another seed then.
    A narrow network learns more per second; it is widened without changing what it computes,
    and trained on in its full size. A first folder is saved when it is widened.
    """
    torch.manual_seed(seed)
    narrow = Network(ARCHITECTURES["small"])
    resumed = NARROW_STAGE.exists()
    start = load_file(NARROW_STAGE) if resumed else _without_prefix(load_weights("small"))
    narrow.load_state_dict(start)
    # Other problems than the small policy's own.
    batches = training_batches(build_tokenizer(), seed + 1)
    narrow_facts = _train(narrow, batches, _NARROW_RATE, minutes * _NARROW_SHARE)
    NARROW_STAGE.parent.mkdir(exist_ok=True)
    save_file(narrow.state_dict(), NARROW_STAGE)
    wide = Network(ARCHITECTURES["large"])
    widen(wide, narrow.state_dict())
    _save("large", wide)
    wide_facts = _train(wide, batches, _WIDE_RATE, minutes * (1 - _NARROW_SHARE))
    _save("large", wide)
    _write_card(
        "large",
        f"Starts from {'an earlier narrow stage' if resumed else 'the small policy'}. "
        f"Seed {seed}: in the small policy's width {narrow_facts}; "
        f"then, widened without changing its outputs (`widen.py`), {wide_facts}.",
    )


def _train(
    network: Network,
    batches: Batches,
    rate: float,
    minutes: float,
    halfway: Callable[[], None] = lambda: None,
) -> str:
    """Train for `minutes` of wall time; returns what was done, in words."""
    optimisation = Optimisation(network, rate)
    started, waiting = time.monotonic(), True
    step, tokens, loss = 0, 0, 0.0
    for step, batch in enumerate(batches):
        progress = (time.monotonic() - started) / (60 * minutes)
        if progress >= 1:
            break
        if progress >= 0.5 and waiting:
            halfway()
            waiting = False
        loss = _accumulate(network, batch)
        optimisation.step(progress)
        tokens += sum(inputs.numel() for inputs, _ in batch)
        if step % _LOG_EVERY == 0:
            _LOG.info("step %d loss %.4f progress %.3f tokens %d", step, loss, progress, tokens)
    return f"{minutes:.3g} minutes, {step} steps, {tokens} tokens, last loss {loss:.4f}"


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


def _write_card(size: PolicySize, origin: str) -> None:
    write_section(
        size,
        "Training",
        f"Data: gold solutions of generated training problems (`tts.arithmetic`), a new "
        f"batch of {sum(PROBLEMS_PER_BIN.values())} every step, loss on the solution only, two "
        f"shared processor cores. {origin}",
    )


def _save(size: PolicySize, network: Network) -> None:
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
    train = train_small if options.size == "small" else train_large
    train(options.seed, options.minutes)


if __name__ == "__main__":
    main()
