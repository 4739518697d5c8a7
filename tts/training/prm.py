"""Train the step scorer: python -m tts.training.prm --seed 0 --minutes 6."""

# pyright: reportMissingImports=false

from __future__ import annotations

import argparse
import asyncio
import logging
import random
import time
from collections.abc import Iterator, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from tts.arithmetic import FIRST_TRAINING_SEED, generate
from tts.backends.embedded.embedded_model import EmbeddedModel
from tts.backends.embedded.marked_rows import marked_rows
from tts.backends.embedded.tokenizer import EmbeddedTokenizer
from tts.training.architecture import ARCHITECTURES
from tts.training.card import write_section
from tts.training.corpus import IGNORED
from tts.training.model_folder import load_weights, save_model_folder
from tts.training.network import Network
from tts.training.optimisation import Optimisation
from tts.training.step_samples import StepSample, sample_steps
from tts.values import Message

_LOG = logging.getLogger(__name__)
_RATE = 2e-3
_BATCH = 96
_MICRO_BATCHES = 3
_LOG_EVERY = 50
_DRAWS = 4
_SHARES = {1: 0.08, 2: 0.14, 3: 0.2, 4: 0.28, 5: 0.3}
_PROBLEM_SEED = FIRST_TRAINING_SEED + 900_000_000

Row = tuple[tuple[int, ...], tuple[int, ...], tuple[bool, ...]]
"""Ids, marker positions and labels."""


def sample_rows(count: int, seed: int) -> list[Row]:
    """Sampled solutions of `count` training problems as token rows."""
    policy = EmbeddedModel.shipped("small")
    problems = [
        problem
        for difficulty_bin, share in _SHARES.items()
        for problem in generate(difficulty_bin, int(count * share), _PROBLEM_SEED + seed)
    ]
    groups = asyncio.run(sample_steps(policy, problems, draws=_DRAWS, temperature=1.0))
    samples = [sample for group in groups for sample in group if sample.steps]
    return [_row(policy.tokenizer, sample) for sample in samples]


def train_prm(rows: Sequence[Row], seed: int, minutes: float) -> tuple[int, float]:
    """Train from the small policy's weights and save the folder; returns steps and last loss."""
    torch.manual_seed(seed)
    shape = ARCHITECTURES["prm"]
    network = Network(shape)
    start = {name.removeprefix("model."): value for name, value in load_weights("small").items()}
    network.load_state_dict(start, strict=False)
    head = nn.Sequential(
        nn.Linear(shape.hidden, shape.hidden), nn.ReLU(), nn.Linear(shape.hidden, 2)
    )
    optimisation = Optimisation(nn.ModuleDict({"network": network, "score": head}), _RATE)
    started, step, loss = time.monotonic(), 0, 0.0
    for step, batch in enumerate(_batches(rows, random.Random(seed))):
        progress = (time.monotonic() - started) / (60 * minutes)
        if progress >= 1:
            break
        loss = _accumulate(network, head, batch)
        optimisation.step(progress)
        if step % _LOG_EVERY == 0:
            _LOG.info("step %d loss %.4f progress %.3f", step, loss, progress)
    weights = {f"model.{name}": value for name, value in network.state_dict().items()}
    weights |= {f"score.{name}": value for name, value in head.state_dict().items()}
    save_model_folder("prm", shape, weights)
    return step, loss


def _row(tokenizer: EmbeddedTokenizer, sample: StepSample) -> Row:
    messages = (Message("user", sample.problem.prompt),)
    (marked,) = marked_rows(tokenizer, messages, sample.steps, ARCHITECTURES["prm"].positions)
    return marked.ids, marked.marks, sample.labels


def _batches(rows: Sequence[Row], order: random.Random) -> Iterator[list[tuple[Tensor, Tensor]]]:
    while True:
        shuffled = order.sample(rows, len(rows))
        for start in range(0, len(shuffled) - _BATCH + 1, _BATCH):
            batch = sorted(shuffled[start : start + _BATCH], key=lambda row: len(row[0]))
            size = _BATCH // _MICRO_BATCHES
            yield [_pad(batch[first : first + size]) for first in range(0, _BATCH, size)]


def _pad(rows: Sequence[Row]) -> tuple[Tensor, Tensor]:
    longest = max(len(ids) for ids, _, _ in rows)
    inputs = torch.zeros((len(rows), longest), dtype=torch.long)
    targets = torch.full((len(rows), longest), IGNORED)
    for index, (ids, marks, labels) in enumerate(rows):
        inputs[index, : len(ids)] = torch.tensor(ids)
        targets[index, list(marks)] = torch.tensor(labels).long()
    return inputs, targets


def _accumulate(network: Network, head: nn.Module, batch: list[tuple[Tensor, Tensor]]) -> float:
    count = sum(int((targets != IGNORED).sum()) for _, targets in batch)
    total = 0.0
    for inputs, targets in batch:
        marked = targets != IGNORED
        logits = head(network(inputs)[marked])
        loss = functional.cross_entropy(logits, targets[marked], reduction="sum") / count
        loss.backward()
        total += float(loss.detach())
    return total


def main() -> None:
    """Read the command line, sample, train and write the card."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--problems", type=int, default=5000)
    parser.add_argument("--minutes", type=float, required=True)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    rows = sample_rows(options.problems, options.seed)
    labels = [label for _, _, row_labels in rows for label in row_labels]
    good = sum(labels) / len(labels)
    _LOG.info("%d rows, %d steps, %.3f correct", len(rows), len(labels), good)
    steps, loss = train_prm(rows, options.seed, options.minutes)
    write_section(
        "prm",
        "Training",
        f"Data: {_DRAWS} samples of the small policy at temperature 1.0 for each of "
        f"{options.problems} training problems: {len(rows)} solutions with {len(labels)} steps, "
        f"{good:.1%} of them correct by exact evaluation (`tts.arithmetic.step_is_correct`). "
        f"Starts from the small policy's weights. Seed {options.seed}, {options.minutes:g} "
        f"minutes on two processor cores, {steps} batches of {_BATCH} solutions, "
        f"last loss {loss:.4f}.",
    )


if __name__ == "__main__":
    main()
