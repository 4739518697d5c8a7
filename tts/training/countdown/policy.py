"""Train the countdown policy: python -m tts.training.countdown.policy --plateau 300 --decay 350."""

# pyright: reportMissingImports=false

from __future__ import annotations

import argparse
import logging
import random
from itertools import islice

import torch
from tokenizers import Tokenizer

from tts.countdown.problem import prompt_of
from tts.countdown.solution import path_text
from tts.training.architecture import ARCHITECTURES, ASSISTANT, END, USER, write_section
from tts.training.countdown.paths import Path, training_path
from tts.training.countdown.tokens import build_countdown_tokenizer
from tts.training.descent import Batches, descend, micro_batches
from tts.training.network import Network, load_weights, save_model_folder

_RATE = 8e-3
_LONG = 1000
"""Steps of the schedule whose beginning is the plateau."""
_DECAY_RATE = 5e-3
_BATCH = 96
_SLIP = 0.05


def train(seed: int, plateau: int, decay: int) -> None:
    """Train on generated paths from random weights and save the folder.

    `plateau` steps at a high rate, then `decay` ones over which it falls to nearly nothing. What
    is in between is kept as the folder has it, so that the second part can begin from a folder.
    """
    torch.manual_seed(seed)
    network, tokenizer = Network(ARCHITECTURES["countdown"]), build_countdown_tokenizer()
    high = islice(_batches(tokenizer, seed), plateau)
    first = descend(network, high, rate=_RATE, steps=_LONG)
    _save(network)
    finish(seed, plateau, first.tokens, decay)


def finish(seed: int, plateau: int, tokens: int, decay: int) -> None:
    """The second part, from the saved folder."""
    network, tokenizer = Network(ARCHITECTURES["countdown"]), build_countdown_tokenizer()
    kept = load_weights("countdown")
    network.load_state_dict({name.removeprefix("model."): kept[name] for name in kept})
    facts = descend(network, _batches(tokenizer, seed + 1), rate=_DECAY_RATE, steps=decay)
    _save(network)
    write_section(
        "countdown",
        "Training",
        f"Data: paths through generated training problems (`tts.countdown`), {_BATCH} new ones "
        "every step, loss on the path only. A path's step is any after which the target can still "
        f"be reached (by exhaustive search), and with the chance {_SLIP:g} any legal one. Starts "
        f"from random weights. Seed {seed}: {plateau} steps at a high rate, {tokens} tokens; then, "
        f"while it falls, {facts}.",
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
    parser.add_argument("--decay", type=int, required=True, help="steps while the rate falls")
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    train(options.seed, options.plateau, options.decay)


if __name__ == "__main__":
    main()
