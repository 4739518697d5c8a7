"""Train the countdown policy: python -m tts.training.countdown.policy --plateau 301 --falls 350@5e-3."""

# pyright: reportMissingImports=false

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import torch
from tokenizers import Tokenizer
from torch import Tensor

from tts.countdown.problem import prompt_of
from tts.countdown.solution import path_text
from tts.training.architecture import ARCHITECTURES, ASSISTANT, END, USER, write_section
from tts.training.command import begun, command, with_work
from tts.training.countdown.paths import Path as Way
from tts.training.countdown.paths import training_path
from tts.training.countdown.tokens import build_countdown_tokenizer
from tts.training.descent import Batches, descend, micro_batches
from tts.training.network import Network, load_weights, save_model_folder

_RATE = 8e-3
_LONG = 1000
"""Steps of the schedule whose beginning is the plateau."""
_BATCH = 96
_SLIP = 0.05


@dataclass(frozen=True, slots=True)
class Fall:
    """A part of the training over which the rate falls to nearly nothing."""

    steps: int
    rate: float
    """At its highest."""

    @classmethod
    def read(cls, text: str) -> Fall:
        """`STEPS@RATE`; ValueError for anything else."""
        steps, _, rate = text.partition("@")
        return cls(int(steps), float(rate))

    def __str__(self) -> str:
        return f"{self.steps} from {self.rate:g}"


def train(seed: int, plateau: int, falls: Sequence[Fall], work: Path) -> None:
    """Train on generated paths from random weights and save the folder.

    `plateau` steps at a high rate, then the falls, part by part. Every part begins from the folder
    that the one before it saved, in half precision, with problems of its own seed: `seed` plus
    its place. Where `work` holds a part's checkpoint, the part goes on from it.
    """
    torch.manual_seed(seed)
    network = Network(ARCHITECTURES["countdown"])
    tokenizer = build_countdown_tokenizer()
    high = islice(_batches(tokenizer, seed), plateau)
    place = work / f"countdown-{seed}-plateau-{plateau}.pt"
    tokens = descend(network, high, rate=_RATE, steps=_LONG, checkpoint=place).tokens
    _save(network)
    last = ""
    for part, fall in enumerate(falls, start=1):
        network.load_state_dict(_kept())
        place = work / f"countdown-{seed}-{part}-{fall.steps}.pt"
        batches = _batches(tokenizer, seed + part)
        facts = descend(network, batches, rate=fall.rate, steps=fall.steps, checkpoint=place)
        _save(network)
        tokens, last = tokens + facts.tokens, f"last loss {facts.loss:.5f}"
    _write_card(seed, plateau, falls, tokens, last)


def _kept() -> dict[str, Tensor]:
    stored = load_weights("countdown")
    return {name.removeprefix("model."): tensor for name, tensor in stored.items()}


def _write_card(seed: int, plateau: int, falls: Sequence[Fall], tokens: int, last: str) -> None:
    write_section(
        "countdown",
        "Training",
        f"Data: paths through generated training problems (`tts.countdown`), {_BATCH} new ones "
        "every step, loss on the path only. A path's step is any after which the target can still "
        f"be reached (by exhaustive search), and with the chance {_SLIP:g} any legal one. Starts "
        f"from random weights. Seed {seed}: {plateau} steps at a rate near {_RATE:g}, then "
        f"{', then '.join(map(str, falls))} over which it falls to nearly nothing; {tokens} tokens, "
        f"{last}.",
    )


def _batches(tokenizer: Tokenizer, seed: int) -> Batches:
    luck = random.Random(f"countdown/policy/{seed}")
    while True:
        rows = [_encode(tokenizer, training_path(luck, _SLIP)) for _ in range(_BATCH)]
        yield micro_batches(rows)


def _encode(tokenizer: Tokenizer, path: Way) -> tuple[list[int], int]:
    prompt: list[int] = tokenizer.encode(
        f"{USER}{prompt_of(path.given, path.target)}{ASSISTANT}"
    ).ids
    text = path_text(tuple(sorted(path.given)), path.moves)
    return prompt + tokenizer.encode(text + END).ids, len(prompt)


def _save(network: Network) -> None:
    weights = {f"model.{name}": tensor for name, tensor in network.state_dict().items()}
    save_model_folder("countdown", ARCHITECTURES["countdown"], weights, build_countdown_tokenizer())


def main() -> None:
    """Read the command line and train."""
    parser = with_work(command(__doc__))
    parser.add_argument("--plateau", type=int, required=True, help="steps at a high rate")
    parser.add_argument(
        "--falls", type=Fall.read, nargs="+", required=True, help="STEPS@RATE, while it falls"
    )
    options = begun(parser)
    options.work.mkdir(parents=True, exist_ok=True)
    train(options.seed, options.plateau, options.falls, options.work)


if __name__ == "__main__":
    main()
