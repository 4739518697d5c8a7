"""Make the step scorer of graded arithmetic: python -m tts.training.steps_prm --seed 0 --problems 500.

After the first part of its policy (`steps_policy.py`), whose layers are its trunk.
"""

# pyright: reportMissingImports=false

from __future__ import annotations

import logging
import random
from pathlib import Path

from torch import Tensor

from tts.arithmetic import STEP_SEPARATOR
from tts.backends.embedded.tokenizer import EmbeddedTokenizer
from tts.training.architecture import STEP_MARK, token_id, write_section
from tts.training.command import begun, command, with_work
from tts.training.comparison import compare
from tts.training.prm import save_scorer, train_head
from tts.training.step_samples import rows_of
from tts.training.steps_policy import DEVELOPMENT_SEED, drawn, policy_weights

_SEED = 5
_DRAWS = 4
_LOG = logging.getLogger(__name__)


def trunk_of(folder: Path) -> dict[str, Tensor]:
    """A policy's weights, to whose layers a marker is the blank line that it replaces."""
    weights = policy_weights(folder)
    rows = weights["embed_tokens.weight"]
    rows[token_id(STEP_MARK)] = rows[token_id(STEP_SEPARATOR)]
    rows[token_id(STEP_SEPARATOR)] = 0.0
    return weights


def make(seed: int, problems: int, policy: Path) -> None:
    """The comparison around a policy's folder, and its head; writes folder and card."""
    groups = drawn(policy, DEVELOPMENT_SEED - 2, problems, draws=_DRAWS)
    rows = rows_of(groups, EmbeddedTokenizer(policy), random.Random(seed))
    _LOG.info("%d rows", len(rows))
    network = compare(trunk_of(policy))
    head, loss = train_head(network, rows, seed + _SEED)
    save_scorer("steps-prm", network, head)
    labels = [label for row in rows for label in row.labels]
    write_section(
        "steps-prm",
        "Training",
        f"A trunk of the policy's shape, two layers that compare each token with what the trunk "
        f"expected there (built, not trained: `tts.training.comparison`; of the legal next steps, none "
        f"counts as a mismatch that the trunk finds nearly as likely as any), and a two-class head. The "
        f"trunk is the first part of `steps`. The head is trained on {_DRAWS} draws of it at "
        f"temperature 1 for each of {problems} training problems, and on copies of them with one digit "
        f"changed: {len(rows)} solutions with {len(labels)} steps, {sum(labels) / len(labels):.1%} of "
        f"them right by exact evaluation (`tts.arithmetic.step_is_correct`); last loss {loss:.4f}.",
    )


def main() -> None:
    """Read the command line, and make it."""
    parser = with_work(command(__doc__), "of the policy")
    parser.add_argument("--problems", type=int, required=True, help="problems for the head")
    options = begun(parser)
    make(options.seed, options.problems, options.work / "first")


if __name__ == "__main__":
    main()
