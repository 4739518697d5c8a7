"""Train the first part of the policy of graded arithmetic, on single attempts.

python -m tts.training.steps_policy --seed 0 --steps 900; `revisions` goes on from it.
"""

# pyright: reportMissingImports=false

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from tts.arithmetic import FIRST_TRAINING_SEED, ArithmeticProblem, any_path, generate_graded
from tts.backends.embedded.model import EmbeddedModel
from tts.strategies.revision.sequential_revision import AGAIN
from tts.training.architecture import (
    ARCHITECTURES,
    END,
    build_tokenizer,
)
from tts.training.command import by_steps
from tts.training.descent import Batches, descend, micro_batches, prompt_text
from tts.training.network import Network, save_model_folder
from tts.training.step_samples import StepSample, sample_steps

PER_BIN = {1: 6, 2: 8, 3: 10, 4: 12, 5: 12}
TOKENIZER = build_tokenizer((AGAIN,))
DEVELOPMENT_SEED = FIRST_TRAINING_SEED + 950_000_000
"""Of problems on the training side that no batch holds: what is decided on before the held-out ones."""
_RATE = 8e-3


def graded_problems(seed: int, step: int) -> list[ArithmeticProblem]:
    """The training problems of one step: more of the harder bins, which take longer to learn."""
    first = FIRST_TRAINING_SEED + seed * 1_000_000 + step
    return [one for bin_, count in PER_BIN.items() for one in generate_graded(bin_, count, first)]


def path_batches(seed: int) -> Batches:
    """Endless batches of single attempts, every solution a random right path."""
    step = 0
    while True:
        order = random.Random(f"paths/{seed}/{step}")
        yield micro_batches(path_rows(graded_problems(seed, step), order))
        step += 1


def path_rows(
    problems: Sequence[ArithmeticProblem], order: random.Random
) -> list[tuple[list[int], int]]:
    """Each problem with a random right path."""
    return [encoded(prompt_text(one), any_path(one.expression, order)) for one in problems]


def encoded(prompt: str, answer: str) -> tuple[list[int], int]:
    """Ids of a rendered prompt and its answer, and the length of the prompt."""
    before: list[int] = TOKENIZER.encode(prompt).ids
    after: list[int] = TOKENIZER.encode(answer + END).ids
    return before + after, len(before)


def train(seed: int, steps: int, work: Path) -> None:
    """The policy from random weights, on single attempts."""
    torch.manual_seed(seed)
    network = Network(ARCHITECTURES["steps"])
    place = work / f"first-{seed}-{steps}.pt"
    facts = descend(network, path_batches(seed), rate=_RATE, steps=steps, checkpoint=place)
    save_policy(network, work / "first")
    (work / "first" / "facts.txt").write_text(f"seed {seed}: {facts}")


def drawn(folder: Path, seed: int, count: int, *, draws: int) -> list[list[StepSample]]:
    """Draws of a policy at temperature 1 on problems of all bins, `count` in all."""
    problems = [one for bin_ in PER_BIN for one in generate_graded(bin_, count // 5, seed)]
    embedded = EmbeddedModel.load(folder, "embedded:steps")
    return asyncio.run(sample_steps(embedded, problems, draws=draws, temperature=1.0))


def save_policy(network: nn.Module, folder: Path | None = None) -> Path:
    """Write the policy's folder, the shipped one unless another is named."""
    weights = {f"model.{key}": tensor for key, tensor in network.state_dict().items()}
    return save_model_folder("steps", ARCHITECTURES["steps"], weights, TOKENIZER, folder)


def policy_weights(folder: Path) -> dict[str, Tensor]:
    """The float32 weights of a policy's folder, as its network names them."""
    stored = load_file(folder / "model.safetensors")
    return {key.removeprefix("model."): tensor.float() for key, tensor in stored.items()}


def main() -> None:
    """Read the command line and train."""
    by_steps(__doc__, train)


if __name__ == "__main__":
    main()
