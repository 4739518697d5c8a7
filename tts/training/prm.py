"""Train the step scorer: python -m tts.training.prm --seed 0 --steps 850."""

# pyright: reportMissingImports=false

from __future__ import annotations

import logging
import random
from collections.abc import Iterator, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from tts.training.architecture import (
    ARCHITECTURES,
    STEP_MARK,
    ModelName,
    build_tokenizer,
    token_id,
    write_section,
)
from tts.training.command import begun, command
from tts.training.comparison import compare
from tts.training.descent import Batches, Descent, descend, training_batches
from tts.training.network import Network, load_weights, narrowed, save_model_folder
from tts.training.step_samples import DRAWS, JudgedRow, judged_rows

_LOG = logging.getLogger(__name__)
_TRUNK_RATE = 1.5e-3
_HEAD_RATE = 5e-3
_HEAD_STEPS = 1000
_HEAD_BATCH = 1024
_ROWS_AT_ONCE = 64
_SEED = 5
"""Keeps the trunk's problems apart from those of the policies."""


def train_trunk(seed: int, steps: int) -> tuple[Network, Descent]:
    """A narrow policy, from the large one's corner, that writes markers instead of blank lines."""
    torch.manual_seed(seed)
    trunk = Network(ARCHITECTURES["small"])
    large = load_weights("large")
    narrowed({name.removeprefix("model."): large[name] for name in large}, trunk)
    mark, blank = token_id(STEP_MARK), token_id("\n\n")
    with torch.no_grad():
        trunk.embed_tokens.weight[mark] = trunk.embed_tokens.weight[blank]
        trunk.embed_tokens.weight[blank] = 0.0
    batches = _marked(training_batches(build_tokenizer(), seed + _SEED), mark, blank)
    return trunk, descend(trunk, batches, rate=_TRUNK_RATE, steps=steps)


def train_head(network: Network, rows: Sequence[JudgedRow], seed: int) -> tuple[nn.Module, float]:
    """The two-class head over the hidden states at markers; returns it and its last loss."""
    torch.manual_seed(seed)
    hidden = torch.cat([_at_markers(network, part) for part in _parts(rows)])
    labels = torch.tensor([label for row in rows for label in row.labels]).long()
    width = network.shape.hidden
    head = nn.Sequential(nn.Linear(width, width), nn.ReLU(), nn.Linear(width, 2))
    optimiser = torch.optim.AdamW(head.parameters(), lr=_HEAD_RATE, weight_decay=0.1)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, _HEAD_STEPS)
    loss = torch.zeros(())
    for _ in range(_HEAD_STEPS):
        chosen = torch.randint(len(labels), (_HEAD_BATCH,))
        loss = functional.cross_entropy(head(hidden[chosen]), labels[chosen])
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
    return head, float(loss.detach())


def _marked(batches: Batches, mark: int, blank: int) -> Batches:
    for batch in batches:
        yield [
            (
                torch.where(inputs == blank, mark, inputs),
                torch.where(targets == blank, mark, targets),
            )
            for inputs, targets in batch
        ]


def _parts(rows: Sequence[JudgedRow]) -> Iterator[Sequence[JudgedRow]]:
    for start in range(0, len(rows), _ROWS_AT_ONCE):
        yield rows[start : start + _ROWS_AT_ONCE]


def _at_markers(network: Network, rows: Sequence[JudgedRow]) -> Tensor:
    """Hidden states at the rows' markers, in order: (markers, hidden)."""
    inputs = torch.zeros((len(rows), max(len(row.ids) for row in rows)), dtype=torch.long)
    for place, row in enumerate(rows):
        inputs[place, : len(row.ids)] = torch.tensor(row.ids)
    with torch.no_grad():
        hidden = network(inputs)
    return torch.cat([hidden[place, list(row.marks)] for place, row in enumerate(rows)])


def save_scorer(name: ModelName, network: Network, head: nn.Module) -> None:
    """Write the folder of a network with its head."""
    weights = {f"model.{name}": value for name, value in network.state_dict().items()}
    weights |= {f"score.{name}": value for name, value in head.state_dict().items()}
    save_model_folder(name, ARCHITECTURES[name], weights)


def main() -> None:
    """Read the command line, train trunk and head, and write folder and card."""
    parser = command(__doc__, threads=2)
    parser.add_argument("--steps", type=int, required=True, help="steps of the trunk's training")
    parser.add_argument("--problems", type=int, default=1000, help="problems for the head")
    options = begun(parser)
    trunk, facts = train_trunk(options.seed, options.steps)
    rows = judged_rows(options.problems, random.Random(options.seed))
    network = compare(trunk.state_dict())
    head, loss = train_head(network, rows, options.seed)
    save_scorer("prm", network, head)
    labels = [label for row in rows for label in row.labels]
    write_section(
        "prm",
        "Training",
        f"A trunk of the small policy's shape, two layers that compare each token with what the "
        f"trunk expected there (built, not trained: `tts.training.comparison`), and the usual "
        f"two-class head. The trunk starts from the large policy's corner and goes on with gold "
        f"solutions (seed {options.seed}: {facts}). The head is trained on {DRAWS} samples of the "
        f"small policy at temperature 1.0 for each of {options.problems} training problems, and on "
        f"copies of them with one digit changed: {len(rows)} solutions with {len(labels)} steps, "
        f"{sum(labels) / len(labels):.1%} of them correct by exact evaluation "
        f"(`tts.arithmetic.step_is_correct`); {_HEAD_STEPS} steps, last loss {loss:.4f}.",
    )


if __name__ == "__main__":
    main()
