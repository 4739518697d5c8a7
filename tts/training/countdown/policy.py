"""Train the countdown policy: python -m tts.training.countdown.policy --plateau 300 --falls 350."""

# pyright: reportMissingImports=false

from __future__ import annotations

import argparse
import logging
import random
from collections.abc import Sequence
from itertools import islice

import torch
from tokenizers import Tokenizer

from tts.countdown.problem import prompt_of
from tts.countdown.solution import path_text
from tts.training.architecture import ARCHITECTURES, ASSISTANT, END, USER, write_section
from tts.training.countdown.paths import Path, training_path
from tts.training.countdown.tokens import build_countdown_tokenizer
from tts.training.descent import Batches, Descent, descend, micro_batches
from tts.training.network import Network, load_weights, save_model_folder

_RATE = 8e-3
_LONG = 1000
"""Steps of the schedule whose beginning is the plateau."""
_FALLING_RATE = 5e-3
_BATCH = 96
_SLIP = 0.05


def train(seed: int, plateau: int, falls: Sequence[int]) -> None:
    """Train on generated paths from random weights and save the folder.

    `plateau` steps at a high rate, then for each of `falls` so many over which it falls to nearly
    nothing. Every part begins from the folder that the one before it saved, with other problems.
    """
    torch.manual_seed(seed)
    network = Network(ARCHITECTURES["countdown"])
    high = islice(_batches(build_countdown_tokenizer(), seed), plateau)
    tokens = descend(network, high, rate=_RATE, steps=_LONG).tokens
    _save(network)
    last = ""
    for part, steps in enumerate(falls, start=1):
        facts = fall(seed + part, steps)
        tokens, last = tokens + facts.tokens, f"last loss {facts.loss:.5f}"
    _write_card(seed, plateau, falls, tokens, last)


def fall(seed: int, steps: int) -> Descent:
    """Go on from the saved folder while the rate falls, and save it."""
    network = Network(ARCHITECTURES["countdown"])
    kept = load_weights("countdown")
    network.load_state_dict({name.removeprefix("model."): kept[name] for name in kept})
    batches = _batches(build_countdown_tokenizer(), seed)
    facts = descend(network, batches, rate=_FALLING_RATE, steps=steps)
    _save(network)
    return facts


def _write_card(seed: int, plateau: int, falls: Sequence[int], tokens: int, last: str) -> None:
    write_section(
        "countdown",
        "Training",
        f"Data: paths through generated training problems (`tts.countdown`), {_BATCH} new ones "
        "every step, loss on the path only. A path's step is any after which the target can still "
        f"be reached (by exhaustive search), and with the chance {_SLIP:g} any legal one. Starts "
        f"from random weights. Seed {seed}: {plateau} steps at a high rate, then "
        f"{' and again '.join(map(str, falls))} over which it falls; {tokens} tokens, {last}.",
    )


def _batches(tokenizer: Tokenizer, seed: int) -> Batches:
    luck = random.Random(f"countdown/policy/{seed}")
    while True:
        rows = [_encode(tokenizer, training_path(luck, _SLIP)) for _ in range(_BATCH)]
        yield micro_batches(rows)


def _encode(tokenizer: Tokenizer, path: Path) -> tuple[list[int], int]:
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
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--plateau", type=int, required=True, help="steps at a high rate")
    parser.add_argument("--falls", type=int, nargs="+", required=True, help="while it falls")
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    train(options.seed, options.plateau, options.falls)


if __name__ == "__main__":
    main()
