"""What a verifier says of a candidate."""

from __future__ import annotations

from msgspec import Struct

from tts.values.candidate import Candidate


class Score(Struct, frozen=True, kw_only=True):
    """A verdict between 0 (bad) and 1 (good); process verifiers fill `steps` as well."""

    value: float
    steps: tuple[float, ...] = ()
    degraded: bool = False
    """The text did not fit the verifier as a whole; the verdict rests on a part of it."""

    def __post_init__(self) -> None:
        if not all(0.0 <= value <= 1.0 for value in (self.value, *self.steps)):
            raise ValueError(f"A score lies between 0 and 1, not {self.value!r} {self.steps!r}.")


class Scored(Struct, frozen=True):
    """A candidate with its score."""

    candidate: Candidate
    score: Score
