"""Train the plan writer: python -m tts.training.planner --seed 0 --minutes 15."""

# pyright: reportMissingImports=false

from __future__ import annotations

import argparse
import logging
import time
from collections.abc import Iterator

import torch
from tokenizers import Tokenizer
from torch import Tensor
from torch.nn import functional

from tts.training.architecture import ARCHITECTURES
from tts.training.card import write_section
from tts.training.corpus import IGNORED, micro_batches
from tts.training.errand import Errand, errands
from tts.training.model_folder import save_model_folder
from tts.training.network import Network
from tts.training.optimisation import Optimisation
from tts.training.vocabulary import ASSISTANT, END, USER, build_tokenizer

_LOG = logging.getLogger(__name__)
_RATE = 8e-3
_BATCH = 32
_LOG_EVERY = 50


def train_planner(seed: int, minutes: float) -> None:
    """Train on generated errands and their plans for `minutes` of wall time."""
    torch.manual_seed(seed)
    network = Network(ARCHITECTURES["planner"])
    optimisation = Optimisation(network, _RATE)
    started, step, loss = time.monotonic(), 0, 0.0
    for step, batch in enumerate(_batches(build_tokenizer(), seed)):
        progress = (time.monotonic() - started) / (60 * minutes)
        if progress >= 1:
            break
        loss = _accumulate(network, batch)
        optimisation.step(progress)
        if step % _LOG_EVERY == 0:
            _LOG.info("step %d loss %.5f progress %.3f", step, loss, progress)
    _save(network)
    write_section(
        "planner",
        "Training",
        f"Data: generated errands and their plans (`tts.training.errand`), {_BATCH} new ones every "
        f"step, loss on the plan only. Starts from random weights. Seed {seed}, {minutes:g} "
        f"minutes on a shared processor core, {step} steps, last loss {loss:.5f}.",
    )


def _batches(tokenizer: Tokenizer, seed: int) -> Iterator[list[tuple[Tensor, Tensor]]]:
    step = 0
    while True:
        rows = [_encode(tokenizer, one) for one in errands(_BATCH, seed * 1_000_000 + step)]
        yield micro_batches(rows)
        step += 1


def _encode(tokenizer: Tokenizer, errand: Errand) -> tuple[list[int], int]:
    prompt: list[int] = tokenizer.encode(f"{USER}{errand.prompt}{ASSISTANT}").ids
    plan: list[int] = tokenizer.encode(errand.plan + END).ids
    return prompt + plan, len(prompt)


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


def _save(network: Network) -> None:
    weights = {f"model.{name}": tensor for name, tensor in network.state_dict().items()}
    _LOG.info("saved %s", save_model_folder("planner", ARCHITECTURES["planner"], weights))


def main() -> None:
    """Read the command line and train."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--minutes", type=float, required=True)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    train_planner(options.seed, options.minutes)


if __name__ == "__main__":
    main()
