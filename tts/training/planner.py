"""Train the plan writer: python -m tts.training.planner --seed 0 --steps 2000."""

# pyright: reportMissingImports=false

from __future__ import annotations

import logging

import torch
from tokenizers import Tokenizer

from tts.training.architecture import (
    ARCHITECTURES,
    ASSISTANT,
    END,
    USER,
    build_tokenizer,
    write_section,
)
from tts.training.command import begun, command
from tts.training.descent import Batches, descend, micro_batches
from tts.training.errand import Errand, errands
from tts.training.network import Network, save_model_folder

_LOG = logging.getLogger(__name__)
_RATE = 8e-3
_BATCH = 32


def train_planner(seed: int, steps: int) -> None:
    """Train on generated errands and their plans, from random weights."""
    torch.manual_seed(seed)
    network = Network(ARCHITECTURES["planner"])
    facts = descend(network, _batches(build_tokenizer(), seed), rate=_RATE, steps=steps)
    _save(network)
    write_section(
        "planner",
        "Training",
        f"Data: generated errands and their plans (`tts.training.errand`), {_BATCH} new ones every "
        f"step, loss on the plan only. Starts from random weights. Seed {seed}: {facts}.",
    )


def _batches(tokenizer: Tokenizer, seed: int) -> Batches:
    step = 0
    while True:
        rows = [_encode(tokenizer, one) for one in errands(_BATCH, seed * 1_000_000 + step)]
        yield micro_batches(rows)
        step += 1


def _encode(tokenizer: Tokenizer, errand: Errand) -> tuple[list[int], int]:
    prompt: list[int] = tokenizer.encode(f"{USER}{errand.prompt}{ASSISTANT}").ids
    plan: list[int] = tokenizer.encode(errand.plan + END).ids
    return prompt + plan, len(prompt)


def _save(network: Network) -> None:
    weights = {f"model.{name}": tensor for name, tensor in network.state_dict().items()}
    _LOG.info("saved %s", save_model_folder("planner", ARCHITECTURES["planner"], weights))


def main() -> None:
    """Read the command line and train."""
    parser = command(__doc__)
    parser.add_argument("--steps", type=int, required=True)
    options = begun(parser)
    train_planner(options.seed, options.steps)


if __name__ == "__main__":
    main()
