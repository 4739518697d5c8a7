"""Train the countdown value model: python -m tts.training.countdown.value --plateau 301 --decay 280."""

# pyright: reportMissingImports=false

from __future__ import annotations

import logging
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import torch
from tokenizers import Tokenizer
from torch import Tensor, nn
from torch.nn import functional

from tts.countdown.problem import prompt_of
from tts.countdown.state import LARGEST, Numbers, reachable
from tts.training.architecture import (
    ARCHITECTURES,
    ASSISTANT,
    STEP_MARK,
    USER,
    token_id,
    write_section,
)
from tts.training.command import begun, command, with_work
from tts.training.countdown.paths import JudgedPath, judged_path
from tts.training.countdown.tokens import build_countdown_tokenizer
from tts.training.descent import Descent, Optimisation, keep, resumed
from tts.training.network import Network, load_weights, save_model_folder

_LOG = logging.getLogger(__name__)
_RATE, _DECAY_RATE = 6e-3, 4e-3
_LONG = 900
"""Steps of the schedule whose beginning is the plateau."""
_BATCH = 128
_MICRO_BATCHES = 2
_SPOILT = 0.04
_LENS_WEIGHT = 3.0
_LOG_EVERY = 50
_SHAPE = ARCHITECTURES["countdown-value"]


@dataclass(frozen=True, slots=True)
class MarkedPaths:
    """Padded rows of one batch, and what is known at their markers, in order."""

    inputs: Tensor
    """(rows, tokens)"""
    places: Tensor
    """(markers, 2): row and position."""
    labels: Tensor
    """(markers,): 1 where the target can still be reached."""
    legal: Tensor
    """(markers,): whether all steps so far are legal."""
    targets: Tensor
    """(markers, LARGEST + 1): 1 for what can be reached at all; 0 where a step was not legal."""


class ValueModel(nn.Module):
    """The network with its two-class head, and a lens that is left behind after training.

    The lens reads from the layer before the last which targets can be reached, whichever is
    asked for: a hundred labels for a table instead of one.
    """

    def __init__(self) -> None:
        super().__init__()
        width = _SHAPE.hidden
        self.network = Network(_SHAPE)
        self.head = nn.Sequential(nn.Linear(width, width), nn.ReLU(), nn.Linear(width, 2))
        self.lens = nn.Linear(width, LARGEST + 1)
        self._seen: list[Tensor] = []
        self.network.block(_SHAPE.layers - 2).register_forward_hook(self._see)

    def forward(self, batch: MarkedPaths) -> tuple[Tensor, Tensor]:
        """Logits at the markers: of the two classes (markers, 2), of all targets."""
        self._seen.clear()
        rows, positions = batch.places.unbind(1)
        hidden = self.network(batch.inputs)[rows, positions]
        return self.head(hidden), self.lens(self._seen.pop()[rows, positions])

    def _see(self, block: nn.Module, read: tuple[Tensor, ...], hidden: Tensor) -> None:
        self._seen.append(hidden)

    def load(self) -> None:
        """Trunk and head as they were saved."""
        kept = load_weights("countdown-value")
        trunk = {name.removeprefix("model."): kept[name] for name in kept if "model." in name}
        self.network.load_state_dict(trunk)
        head = {name.removeprefix("score."): kept[name] for name in kept if "score." in name}
        self.head.load_state_dict(head)

    def save(self) -> None:
        """Write the folder."""
        weights = {f"model.{name}": value for name, value in self.network.state_dict().items()}
        weights |= {f"score.{name}": value for name, value in self.head.state_dict().items()}
        save_model_folder("countdown-value", _SHAPE, weights, build_countdown_tokenizer())


def train(seed: int, plateau: int, decay: int, work: Path) -> None:
    """Train on judged paths from random weights and save the folder.

    `plateau` steps at a high rate, then `decay` ones over which it falls to nearly nothing. The
    second part begins from the folder, with a new lens and other problems. Where `work` holds a
    part's checkpoint, the part goes on from it.
    """
    torch.manual_seed(seed)
    model = ValueModel()
    place = work / f"countdown-value-{seed}-plateau-{plateau}.pt"
    labels, _ = _descend(model, seed, place, rate=_RATE, steps=plateau, schedule=_LONG)
    model.save()
    torch.manual_seed(seed + 1)
    model = ValueModel()
    model.load()
    place = work / f"countdown-value-{seed}-decay-{decay}.pt"
    more, loss = _descend(model, seed + 1, place, rate=_DECAY_RATE, steps=decay, schedule=decay)
    model.save()
    _write_card(seed, (plateau, decay), labels + more, loss)


def _descend(
    model: ValueModel, seed: int, place: Path, *, rate: float, steps: int, schedule: int
) -> tuple[int, float]:
    """The first steps of a schedule; returns how many labels they saw and the last loss."""
    optimisation = Optimisation(model, rate)
    begun = resumed(place, model, optimisation)
    labels, loss = begun.tokens, begun.loss
    batches = islice(_batches(build_countdown_tokenizer(), seed), begun.steps, steps)
    for step, parts in enumerate(batches, begun.steps):
        loss = sum(_accumulate(model, part, _BATCH) for part in parts)
        optimisation.step(step / schedule)
        labels += sum(len(part.labels) for part in parts)
        if step % _LOG_EVERY == 0:
            _LOG.info("step %d of %d loss %.4f labels %d", step, steps, loss, labels)
            keep(place, model, optimisation, Descent(step + 1, labels, loss))
    return labels, loss


def _accumulate(model: ValueModel, part: MarkedPaths, rows: int) -> float:
    """Add this part's gradients; returns its share of the two-class loss."""
    share = len(part.inputs) / rows
    classes, reached = model(part)
    loss = functional.cross_entropy(classes, part.labels) * share
    each = functional.binary_cross_entropy_with_logits(reached, part.targets, reduction="none")
    seen = (each.mean(1) * part.legal).mean() * share
    (loss + _LENS_WEIGHT * seen).backward()
    return float(loss.detach())


def _batches(tokenizer: Tokenizer, seed: int) -> Iterator[list[MarkedPaths]]:
    luck = random.Random(f"countdown/value/{seed}")
    while True:
        paths = [judged_path(luck, _SPOILT) for _ in range(_BATCH)]
        paths.sort(key=lambda path: len(path.steps))
        size = _BATCH // _MICRO_BATCHES
        yield [marked(tokenizer, paths[start : start + size]) for start in range(0, _BATCH, size)]


def marked(tokenizer: Tokenizer, paths: Sequence[JudgedPath]) -> MarkedPaths:
    """Paths as the scorer reads them: the question, then every step with a marker behind it."""
    mark = token_id(STEP_MARK)
    rows: list[list[int]] = []
    places: list[tuple[int, int]] = []
    for row, path in enumerate(paths):
        ids = tokenizer.encode(f"{USER}{prompt_of(path.given, path.target)}{ASSISTANT}").ids
        for step in path.steps:
            ids = [*ids, *tokenizer.encode(step).ids, mark]
            places.append((row, len(ids) - 1))
        rows.append(ids)
    inputs = torch.zeros((len(rows), max(map(len, rows))), dtype=torch.long)
    for row, ids in enumerate(rows):
        inputs[row, : len(ids)] = torch.tensor(ids)
    tables = [table for path in paths for table in path.tables]
    return MarkedPaths(
        inputs=inputs,
        places=torch.tensor(places),
        labels=torch.tensor([label for path in paths for label in path.labels]).long(),
        legal=torch.tensor([table is not None for table in tables]).float(),
        targets=torch.tensor([_bits(table) for table in tables]),
    )


def _bits(table: Numbers | None) -> list[float]:
    found = 0 if table is None else reachable(table)
    return [float(found >> target & 1) for target in range(LARGEST + 1)]


def _write_card(seed: int, steps: tuple[int, int], labels: int, loss: float) -> None:
    write_section(
        "countdown-value",
        "Training",
        f"Data: {_BATCH} new paths a step through generated training problems "
        f"(`tts.training.countdown.paths`), played with slips from rare to most of the time, with "
        f"{_SPOILT:.0%} of the steps spoilt by another number; the label of a step is whether it is "
        "legal and the target can still be reached, by exhaustive search (`tts.countdown.state`). "
        "On the way the layer before the last also learns which targets can be reached at all; "
        f"that lens is left behind. Starts from random weights. Seed {seed}: {steps[0]} "
        f"steps at a high rate and {steps[1]} while it falls, {labels} labels, last loss {loss:.4f}.",
    )


def main() -> None:
    """Read the command line and train."""
    parser = with_work(command(__doc__))
    parser.add_argument("--plateau", type=int, required=True, help="steps at a high rate")
    parser.add_argument("--decay", type=int, required=True, help="steps while the rate falls")
    options = begun(parser)
    options.work.mkdir(parents=True, exist_ok=True)
    train(options.seed, options.plateau, options.decay, options.work)


if __name__ == "__main__":
    main()
