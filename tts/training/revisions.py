"""Conversations in which a policy's own attempts stand before a right solution.

As Snell et al. (2024, section 6.1) train their revision model: the attempts are the policy's own,
most of them wrong, and the right solution is near the last of them. Here nearness is exact: it keeps
the right steps that the last attempt begins with, and goes on from there.

python -m tts.training.revisions --seed 0 --steps 150 goes on from the first part (`steps_policy`).
"""

# pyright: reportMissingImports=false

from __future__ import annotations

import random
from collections.abc import Sequence
from itertools import takewhile
from pathlib import Path

import torch

from tts.arithmetic import STEP_SEPARATOR, any_path
from tts.strategies.revision.sequential_revision import AGAIN
from tts.training.architecture import ARCHITECTURES, ASSISTANT, END, USER, write_section
from tts.training.command import begun, command, with_work
from tts.training.descent import Batches, descend, micro_batches, prompt_text
from tts.training.network import Network
from tts.training.step_samples import StepSample
from tts.training.steps_policy import (
    DEVELOPMENT_SEED,
    PER_BIN,
    drawn,
    encoded,
    graded_problems,
    path_rows,
    policy_weights,
    save_policy,
)

ATTEMPTS = 4
"""Most attempts in view."""
RIGHT_SHARE = 0.2
"""How often the last attempt in view is a right one, which is then repeated."""
_ROWS = 24
_RATE = 3e-3
_ATTEMPTED = 600


def revision_batches(groups: Sequence[Sequence[StepSample]], seed: int) -> Batches:
    """Endless batches, half of them single attempts and half revisions of a group's attempts."""
    usable = [group for group in groups if not all(one.solved for one in group)]
    step = 0
    while True:
        order = random.Random(f"revisions/{seed}/{step}")
        alone = order.sample(path_rows(graded_problems(seed, step), order), _ROWS)
        rows = [revision_row(order.choice(usable), order) for _ in range(_ROWS)]
        yield micro_batches(alone + rows)
        step += 1


def revision_row(group: Sequence[StepSample], order: random.Random) -> tuple[list[int], int]:
    """One conversation over attempts at a problem, at least one of which is wrong."""
    wrong = [one for one in group if not one.solved]
    right = [one for one in group if one.solved]
    shown = order.sample(wrong, min(len(wrong), order.randint(1, ATTEMPTS)))
    if right and order.random() < RIGHT_SHARE:
        shown = [*shown[: ATTEMPTS - 1], order.choice(right)]
    return encoded(conversation(shown), revised(shown[-1], order))


def conversation(attempts: Sequence[StepSample]) -> str:
    """The rendered chat that asks for another attempt, as `sequential_revision` words it."""
    turns = "".join(f"{one.text}{END}{USER}{AGAIN}{ASSISTANT}" for one in attempts)
    return prompt_text(attempts[0].problem) + turns


def revised(attempt: StepSample, order: random.Random) -> str:
    """A right solution that begins with the right steps of an attempt."""
    if attempt.solved and all(attempt.labels):
        return attempt.text
    pairs = zip(attempt.steps, attempt.labels, strict=True)
    kept = [step for step, _ in takewhile(lambda pair: pair[1], pairs)]
    if kept and kept[-1].startswith("\\boxed"):
        return STEP_SEPARATOR.join(kept)
    rest = any_path(kept[-1] if kept else attempt.problem.expression, order)
    return STEP_SEPARATOR.join([*kept, rest])


def train(seed: int, steps: int, work: Path) -> None:
    """The policy goes on with conversations over attempts that its first part drew."""
    torch.manual_seed(seed)
    network = Network(ARCHITECTURES["steps"])
    network.load_state_dict(policy_weights(work / "first"))
    groups = drawn(work / "first", DEVELOPMENT_SEED - 1, _ATTEMPTED, draws=ATTEMPTS)
    batches = revision_batches(groups, seed + 2)
    place = work / f"revising-{seed}-{steps}.pt"
    facts = descend(network, batches, rate=_RATE, steps=steps, checkpoint=place)
    save_policy(network)
    first = (work / "first" / "facts.txt").read_text()
    write_section(
        "steps",
        "Training",
        f"Data: random right paths of generated training problems (`tts.arithmetic.graded`: any "
        f"operation that is ready, one to three in a step), {sum(PER_BIN.values())} new ones every "
        f"step, loss on the solution only, from random weights ({first}). Then half of every batch "
        f"shows some of the {ATTEMPTS} attempts that this first part drew at temperature 1 for each "
        f"of {_ATTEMPTED} other training problems, the last of them wrong (right in about "
        f"{RIGHT_SHARE:.0%}), and asks again in the words of `sequential_revision`; the answer keeps "
        f"the right steps of the last attempt and goes on to a right end (seed {seed}: {facts}). "
        f"Stopped while it still errs, so that methods of spending compute can differ.",
    )


def main() -> None:
    """Read the command line and train."""
    parser = with_work(command(__doc__), "of the first part")
    parser.add_argument("--steps", type=int, required=True)
    options = begun(parser)
    train(options.seed, options.steps, options.work)


if __name__ == "__main__":
    main()
