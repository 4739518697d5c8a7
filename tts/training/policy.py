"""Train one policy: python -m tts.training.policy --size small --seed 0 --steps 1500."""

# pyright: reportMissingImports=false

from __future__ import annotations

from typing import Literal

import torch

from tts.training.architecture import ARCHITECTURES, build_tokenizer, write_section
from tts.training.command import begun, command
from tts.training.descent import PROBLEMS_PER_BIN, descend, training_batches
from tts.training.network import Network, load_weights, save_model_folder, widen

_SMALL_RATE = 8e-3
_NARROW_RATE = 4e-3
_WIDE_RATE = 4e-4
_NARROW_SHARE = 0.9

PolicySize = Literal["small", "large"]


def train_small(seed: int, steps: int) -> None:
    """Train on gold solutions from random weights and save the folder."""
    torch.manual_seed(seed)
    network = Network(ARCHITECTURES["small"])
    batches = training_batches(build_tokenizer(), seed)
    facts = descend(network, batches, rate=_SMALL_RATE, steps=steps)
    _save("small", network)
    _write_card("small", f"Starts from random weights. Seed {seed}: {facts}.")


def train_large(seed: int, steps: int) -> None:
    """Train on from the saved small policy, first in its own width, and save the folder.

    A narrow network learns more per second; it is widened without changing what it computes,
    and trained on in its full size for the last tenth of the steps.
    """
    torch.manual_seed(seed)
    narrow = Network(ARCHITECTURES["small"])
    small = load_weights("small")
    narrow.load_state_dict({name.removeprefix("model."): small[name] for name in small})
    # Other problems than the small policy's own.
    batches = training_batches(build_tokenizer(), seed + 1)
    narrow_steps = round(steps * _NARROW_SHARE)
    narrow_facts = descend(narrow, batches, rate=_NARROW_RATE, steps=narrow_steps)
    wide = Network(ARCHITECTURES["large"])
    widen(wide, narrow.state_dict())
    wide_facts = descend(wide, batches, rate=_WIDE_RATE, steps=steps - narrow_steps)
    _save("large", wide)
    _write_card(
        "large",
        f"Starts from the small policy. Seed {seed}: in the small policy's width {narrow_facts}; "
        f"then, widened without changing its outputs (`widen` in `network.py`), {wide_facts}.",
    )


def _write_card(size: PolicySize, origin: str) -> None:
    write_section(
        size,
        "Training",
        f"Data: gold solutions of generated training problems (`tts.arithmetic`), a new "
        f"batch of {sum(PROBLEMS_PER_BIN.values())} every step, loss on the solution only. "
        f"{origin}",
    )


def _save(size: PolicySize, network: Network) -> None:
    weights = {f"model.{name}": tensor for name, tensor in network.state_dict().items()}
    save_model_folder(size, ARCHITECTURES[size], weights)


def main() -> None:
    """Read the command line and train."""
    parser = command(__doc__, threads=2)
    parser.add_argument("--size", choices=("small", "large"), required=True)
    parser.add_argument("--steps", type=int, required=True)
    options = begun(parser)
    train = train_small if options.size == "small" else train_large
    train(options.seed, options.steps)


if __name__ == "__main__":
    main()
