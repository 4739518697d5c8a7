"""Chains of attempts: a wrong last attempt is followed by a right solution, a right one by itself.

What `revisions` leaves drifts away from right answers, because nearly all last attempts in view were
wrong. Here half of what is asked again is right, and an attempt that only looks revised is as often
wrong: whether to keep it can be told from its steps alone.

python -m tts.training.chains --seed 0 --plateau 301 --fall 200 goes on from the folder that `revisions` wrote.
"""

# pyright: reportMissingImports=false

from __future__ import annotations

import random
from collections.abc import Sequence
from difflib import SequenceMatcher
from itertools import count, islice
from pathlib import Path

import torch

from tts.backends.embedded.model import model_folder
from tts.strategies.revision.sequential_revision import AGAIN
from tts.training.architecture import (
    ARCHITECTURES,
    ASSISTANT,
    END,
    USER,
    read_section,
    write_section,
)
from tts.training.command import begun, command, with_work
from tts.training.descent import Batches, descend, micro_batches
from tts.training.network import Network
from tts.training.revisions import conversation, revised
from tts.training.step_samples import StepSample, labelled, spoilt
from tts.training.steps_policy import (
    DEVELOPMENT_SEED,
    drawn,
    encoded,
    graded_problems,
    path_rows,
    policy_weights,
    save_policy,
)

DRAWS = 4
_ATTEMPTED = 1500
_ALONE, _CHAINS = 16, 24
_RATE = 3e-3
_LONG = 600
"""Steps of the schedule whose beginning is the plateau."""
_FIRST = 3
"""Most attempts in view before the one that decides."""
_AGAIN_SHARE = 0.5
"""How often the right solution is asked again, and repeated."""
_LASTS = {"drawn": 0.4, "spoilt": 0.25, "right": 0.35}
_CANDIDATES = 16
"""Right answers of which the nearest is the one to learn, while the rate falls."""
_MARK = "\n\nChains: "


def chain_batches(
    groups: Sequence[Sequence[StepSample]], seed: int, *, candidates: int = 1
) -> Batches:
    """Endless batches of single attempts and of chains over a group's attempts."""
    for step in count():
        order = random.Random(f"chains/{seed}/{step}")
        alone = order.sample(path_rows(graded_problems(seed, step), order), _ALONE)
        yield micro_batches(
            alone + [chain_row(order.choice(groups), order) for _ in range(_CHAINS)]
        )


def chain_row(
    group: Sequence[StepSample], order: random.Random, candidates: int = 1
) -> tuple[list[int], int]:
    """One conversation, judged from the answer to its last attempt on, the nearest of so many."""
    shown = attempts_in_view(group, order)
    answer = nearest(shown[-1], [revised(shown[-1], order) for _ in range(candidates)])
    if order.random() < _AGAIN_SHARE:
        answer = f"{answer}{END}{USER}{AGAIN}{ASSISTANT}{answer}"
    return encoded(conversation(shown), answer)


def attempts_in_view(group: Sequence[StepSample], order: random.Random) -> list[StepSample]:
    """Attempts of a group, the last a wrong draw, a revision that was spoilt, or a right one."""
    wrong = [one for one in group if not one.solved]
    right = [one for one in group if one.solved]
    [last] = order.choices(list(_LASTS), list(_LASTS.values()))
    if right and (not wrong or (last == "right" and order.random() < 0.5)):
        before = order.sample(wrong, min(len(wrong), order.randrange(_FIRST)))
        return [*before, order.choice(right)]
    shown = order.sample(wrong, min(len(wrong), order.randint(1, _FIRST)))
    if last == "drawn":
        return shown
    fixed = labelled(shown[-1].problem, revised(shown[-1], order))
    return [*shown, *(spoilt(fixed, order) if last == "spoilt" else [fixed])]


def nearest(attempt: StepSample, answers: Sequence[str]) -> str:
    """The answer most like an attempt, which then follows its order of operations; of equals the
    first (Snell et al. 2024, section 6.1, take the smallest edit distance)."""
    if len(set(answers)) == 1:
        return answers[0]
    found = SequenceMatcher(b=attempt.text, autojunk=False)

    def likeness(answer: str) -> float:
        found.set_seq1(answer)
        return found.ratio()

    return max(answers, key=likeness)


def train(seed: int, plateau: int, fall: int, work: Path) -> None:
    """The policy that revises goes on with chains over attempts that it drew itself.

    `plateau` steps at a high rate, then `fall` ones over which it falls to nearly nothing, from the
    folder that the first part saved in half precision, with chains of their own seed.
    """
    torch.manual_seed(seed)
    network, folder = Network(ARCHITECTURES["steps"]), model_folder("steps")
    network.load_state_dict(policy_weights(folder))
    groups = drawn(folder, DEVELOPMENT_SEED - 3, _ATTEMPTED, draws=DRAWS)
    high = islice(chain_batches(groups, seed + 3), plateau)
    place = work / f"chains-{seed}-plateau-{plateau}.pt"
    tokens = descend(network, high, rate=_RATE, steps=_LONG, checkpoint=place).tokens
    network.load_state_dict(policy_weights(save_policy(network, work / "plateau")))
    place = work / f"chains-{seed}-fall-{fall}.pt"
    batches = chain_batches(groups, seed + 4, candidates=_CANDIDATES)
    facts = descend(network, batches, rate=_RATE, steps=fall, checkpoint=place)
    save_policy(network)
    _write_card(
        f"seed {seed}: {plateau} steps at a rate near {_RATE:g}, then {fall} over which it falls to "
        f"nearly nothing, {tokens + facts.tokens} tokens, last loss {facts.loss:.5f}"
    )


def _write_card(facts: str) -> None:
    before = read_section("steps", "Training").split(_MARK.strip())[0].strip()
    write_section(
        "steps",
        "Training",
        f"{before}{_MARK}then from these weights, {_ALONE} single attempts a step beside {_CHAINS} "
        f"conversations over the {DRAWS} draws that this policy made at temperature 1 for each of "
        f"{_ATTEMPTED} further training problems. Their last attempt is a wrong draw "
        f"({_LASTS['drawn']:.0%}), a right revision of one with one digit changed "
        f"({_LASTS['spoilt']:.0%}) or a right solution ({_LASTS['right']:.0%}); the answer keeps its "
        f"right steps, in the second part as the nearest of {_CANDIDATES} to the attempt, and in "
        f"{_AGAIN_SHARE:.0%} is asked again and repeated ({facts}).",
    )


def main() -> None:
    """Read the command line and train."""
    parser = with_work(command(__doc__))
    parser.add_argument("--plateau", type=int, required=True, help="steps at a high rate")
    parser.add_argument("--fall", type=int, required=True, help="steps while it falls")
    options = begun(parser)
    options.work.mkdir(parents=True, exist_ok=True)
    train(options.seed, options.plateau, options.fall, options.work)


if __name__ == "__main__":
    main()
