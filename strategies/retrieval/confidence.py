"""How sure an answer is, by what cheap probes show, and whether more reading is worth its price."""

from __future__ import annotations

from hashlib import blake2b
from math import exp, log
from pathlib import Path

import msgspec
from msgspec import Struct

from tts.answers import normalised, token_f1
from tts.errors import BadInput
from tts.values import Candidate

SURE = 1e-3
"""Least surprise that is told apart from none."""


class Said(Struct, frozen=True):
    """An answer, and how surprised the model was by its own words."""

    answer: str | None
    mean_logprob: float | None = None
    """Natural logarithm, a token; None: the server tells none."""

    @classmethod
    def by(cls, draw: Candidate | None) -> Said:
        """What a draw says; nothing where there is none."""
        return cls(draw.answer, draw.mean_logprob) if draw else cls(None)


class Sign(Struct, frozen=True):
    """One thing that probes show: how it was spread where it was learnt, and what it weighs."""

    mean: float
    scale: float
    weight: float


def signs(before: Said, latest: Said) -> dict[str, float | None]:
    """What an answer and an earlier one, from less, show; None: unknown."""
    one, two = normalised(before.answer or ""), normalised(latest.answer or "")
    return {
        "agreement": float(one == two and bool(two)),
        "overlap": token_f1(one, two) if one and two else 0.0,
        "surprise before": _surprise(before),
        "surprise": _surprise(latest),
        "yes or no": float(two in ("yes", "no")),
        "words": log(1 + len((latest.answer or "").split())),
    }


def _surprise(said: Said) -> float | None:
    if said.mean_logprob is None:
        return None
    return log(SURE + max(0.0, -said.mean_logprob))


class QuestionPolicy(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What an answer is trusted by, and from which gain on a dearer one is asked for.

    The chance that an answer is right is logistic in the signs. That of the answer from more
    reading is a line in it, and never outside of 0…1: fitted to it alone, since with some hundred
    questions nothing finer can be told from noise.
    """

    shift: float
    signs: dict[str, Sign]
    base: float
    """The chance that the dearer answer is right where this one is surely wrong."""
    slope: float
    """What that chance grows by with the chance of this one."""
    least_gain: float = 0.0
    """Chance that the dearer answer has to add."""

    def confidence(self, before: Said, latest: Said) -> float:
        """The chance that the latest answer is right; what is not known weighs nothing."""
        found = signs(before, latest)
        x = self.shift
        for name, sign in self.signs.items():
            value = found.get(name)
            if value is not None:
                x += sign.weight * (value - sign.mean) / sign.scale
        return 1 / (1 + exp(-x))

    def gain(self, confidence: float) -> float:
        """What more reading adds to the chance of being right."""
        return min(1.0, max(0.0, self.base + self.slope * confidence)) - confidence

    def trusts(self, confidence: float) -> bool:
        """Whether an answer of that chance is kept."""
        return self.gain(confidence) < self.least_gain

    @property
    def digest(self) -> str:
        """Of all that decides what a run does."""
        told = msgspec.json.encode(self, order="deterministic")
        return blake2b(told, digest_size=6).hexdigest()


AGREEMENT = QuestionPolicy(
    shift=0.0,
    signs={"agreement": Sign(mean=0.5, scale=0.5, weight=2.0)},
    base=0.5,
    slope=0.0,
)
"""Nothing was fitted: answers that agree are kept, others are asked again."""


def read_question_policy(path: Path) -> QuestionPolicy:
    """The policy of a file; raises `BadInput` with one line where it is none."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=QuestionPolicy)
    except OSError as error:
        raise BadInput(f"Policy {path}: {error.strerror}.") from error
    except msgspec.DecodeError as error:
        raise BadInput(f"Policy {path} is no policy of questions: {error}.") from error
