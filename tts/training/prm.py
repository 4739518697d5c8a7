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
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn import functional

from tts.arithmetic import FIRST_TRAINING_SEED, STEP_SEPARATOR, generate
from tts.backends.embedded.embedded_model import EmbeddedModel
from tts.backends.embedded.marked_rows import STEP_MARK
from tts.training.architecture import ARCHITECTURES, Architecture
from tts.training.card import write_section
from tts.training.corpus import IGNORED
from tts.training.model_folder import NARROW_STAGE, save_model_folder
from tts.training.network import Attention, Network
from tts.training.optimisation import Optimisation
from tts.training.scored_row import ScoredRow
from tts.training.step_samples import sample_steps
from tts.training.vocabulary import token_id

_LOG = logging.getLogger(__name__)
_RATE = 6e-3
_SHARPNESS = 7.0
_FAINT = 0.1
_BATCH = 64
_MICRO_BATCHES = 2
_LOG_EVERY = 50
_DRAWS = 4
_SHARES = {1: 0.05, 2: 0.1, 3: 0.2, 4: 0.33, 5: 0.32}
_PROBLEM_SEED = FIRST_TRAINING_SEED + 900_000_000


def sample_rows(count: int, seed: int) -> list[ScoredRow]:
    """Sampled solutions of `count` training problems as token rows."""
    policy = EmbeddedModel.shipped("small")
    problems = [
        problem
        for difficulty_bin, share in _SHARES.items()
        for problem in generate(difficulty_bin, int(count * share), _PROBLEM_SEED + seed)
    ]
    groups = asyncio.run(sample_steps(policy, problems, draws=_DRAWS, temperature=1.0))
    samples = [sample for group in groups for sample in group if sample.steps]
    return [ScoredRow.of(sample, policy.tokenizer) for sample in samples]


def train_prm(rows: Sequence[ScoredRow], seed: int, minutes: float) -> tuple[int, float]:
    """Train from the narrow stage of the large policy and save the folder.

    That network does better than the small policy, so it disagrees with its errors.
    Returns steps and last loss.
    """
    torch.manual_seed(seed)
    shape = ARCHITECTURES["prm"]
    network = Network(shape)
    _start(network)
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


def _start(network: Network) -> None:
    """Take the policy's layers, frozen, and begin the layers above them as identities.

    What a policy expects next is known behind its last layer only: the layers above compare it
    with the token that came. The marker stands where the policy saw a blank line, so it begins
    with that token's embedding and the policy's layers read what they are used to.
    """
    start = load_file(NARROW_STAGE)
    network.load_state_dict(start, strict=False)
    with torch.no_grad():
        embeddings = network.embed_tokens.weight
        embeddings[token_id(STEP_MARK)] = embeddings[token_id(STEP_SEPARATOR)]
        for name, parameter in network.named_parameters():
            if name not in start and name.endswith(("o_proj.weight", "down_proj.weight")):
                parameter.zero_()
    network.embed_tokens.requires_grad_(False)
    policy_layers = ARCHITECTURES["small"].layers
    for layer in network.layers[:policy_layers]:
        layer.requires_grad_(False)
    _look_one_back(network.layers[policy_layers].self_attn, ARCHITECTURES["prm"])


def _look_one_back(attention: Attention, shape: Architecture) -> None:
    """Let every head begin with attending to the token before, by its biases alone.

    A constant query and a constant key score by their distance only; turned against each other
    by one position they meet at distance one. Where a policy expected another token is then
    visible from the first step of the training.
    """
    frequencies = shape.rope_theta ** (-torch.arange(0, shape.head_dim, 2) / shape.head_dim)
    query = torch.cat((frequencies.cos(), -frequencies.sin()))
    key = torch.cat((torch.ones_like(frequencies), torch.zeros_like(frequencies)))
    with torch.no_grad():
        attention.q_proj.bias.copy_(_SHARPNESS * query.repeat(shape.heads))
        attention.k_proj.bias.copy_(_SHARPNESS * key.repeat(shape.heads))
        attention.q_proj.weight.mul_(_FAINT)
        attention.k_proj.weight.mul_(_FAINT)
        nn.init.normal_(attention.o_proj.weight, std=0.05)


def _batches(
    rows: Sequence[ScoredRow], order: random.Random
) -> Iterator[list[tuple[Tensor, Tensor]]]:
    while True:
        shuffled = order.sample(rows, len(rows))
        for start in range(0, len(shuffled) - _BATCH + 1, _BATCH):
            batch = sorted(shuffled[start : start + _BATCH], key=lambda row: len(row.ids))
            size = _BATCH // _MICRO_BATCHES
            yield [_pad(batch[first : first + size]) for first in range(0, _BATCH, size)]


def _pad(rows: Sequence[ScoredRow]) -> tuple[Tensor, Tensor]:
    longest = max(len(row.ids) for row in rows)
    inputs = torch.zeros((len(rows), longest), dtype=torch.long)
    targets = torch.full((len(rows), longest), IGNORED)
    for index, row in enumerate(rows):
        inputs[index, : len(row.ids)] = torch.tensor(row.ids)
        targets[index, : len(row.ids)] = torch.tensor(row.targets)
    return inputs, targets


def _accumulate(network: Network, head: nn.Module, batch: list[tuple[Tensor, Tensor]]) -> float:
    """Add the gradients of a batch; returns the mean loss at its markers."""
    mark = token_id(STEP_MARK)
    marks = sum(int((inputs == mark).sum()) for inputs, _ in batch)
    inner = sum(int((targets != IGNORED).sum()) for _, targets in batch) - marks
    total = 0.0
    for inputs, targets in batch:
        scored = targets != IGNORED
        is_mark = inputs[scored] == mark
        logits = head(network(inputs)[scored])
        losses = functional.cross_entropy(logits, targets[scored], reduction="none")
        at_marks = losses[is_mark].sum() / marks
        (at_marks + losses[~is_mark].sum() / inner).backward()
        total += float(at_marks.detach())
    return total


def _step_labels(rows: Sequence[ScoredRow]) -> list[int]:
    mark = token_id(STEP_MARK)
    return [
        target
        for row in rows
        for token, target in zip(row.ids, row.targets, strict=True)
        if token == mark
    ]


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
    labels = _step_labels(rows)
    good = sum(labels) / len(labels)
    _LOG.info("%d rows, %d steps, %.3f correct", len(rows), len(labels), good)
    steps, loss = train_prm(rows, options.seed, options.minutes)
    write_section(
        "prm",
        "Training",
        f"Data: {_DRAWS} samples of the small policy at temperature 1.0 for each of "
        f"{options.problems} training problems: {len(rows)} solutions with {len(labels)} steps, "
        f"{good:.1%} of them correct by exact evaluation (`tts.arithmetic.step_is_correct`). "
        f"Targets inside the steps say where they go wrong (`scored_row.py`). "
        f"Starts from the narrow stage of the large policy, its layers frozen, with two layers "
        f"more. Seed {options.seed}, {options.minutes:g} "
        f"minutes on two processor cores, {steps} batches of {_BATCH} solutions, "
        f"last loss {loss:.4f}.",
    )


if __name__ == "__main__":
    main()
