"""A loaded problem set: what a manifest records of it, a part of it, the order in which it runs."""

from __future__ import annotations

import json
import random
from collections.abc import Collection, Iterable, Iterator, Sequence
from hashlib import sha256

import msgspec
from msgspec import Struct, to_builtins

from tts.errors import UsageError
from tts.values import Problem


class SkippedRow(Struct, frozen=True):
    """A row that could not be read: its line (from 1) and the reason."""

    line: int
    reason: str


class ProblemSet(Struct, frozen=True, kw_only=True):
    """Problems with distinct ids, in order, and what a manifest has to record of them."""

    source: str
    problems: tuple[Problem, ...]
    revision: str | None = None
    """Commit of a hosted set; None where the source has none or it was not pinned."""
    skipped: tuple[SkippedRow, ...] = ()
    """Rows left out because `skip_bad` was asked for."""

    @property
    def digest(self) -> str:
        """SHA-256 of the problems' canonical JSON: equal content, equal digest."""
        return digest(self.problems)


def digest(problems: Iterable[Problem]) -> str:
    """SHA-256 (hex) over one canonical JSON line per problem: sorted keys, ASCII, no spaces."""
    found = sha256()
    for line in canonical_lines(problems):
        found.update(line.encode())
    return found.hexdigest()


def canonical(problems: Iterable[Problem]) -> str:
    """The text that the digest is of; `from_canonical` reads it back."""
    return "".join(canonical_lines(problems))


def canonical_lines(problems: Iterable[Problem]) -> Iterator[str]:
    for problem in problems:
        fields = to_builtins(problem)
        if problem.conversation is None:  # a set's digest is older than the field
            del fields["conversation"]
        yield json.dumps(fields, sort_keys=True, separators=(",", ":"), allow_nan=False) + "\n"


def from_canonical(text: str) -> tuple[Problem, ...]:
    """The problems of a canonical text."""
    return tuple(msgspec.convert(json.loads(line), Problem) for line in text.splitlines())


def choose(
    problems: Sequence[Problem],
    *,
    limit: int | None = None,
    seed: int | None = None,
    bins: Collection[int] | None = None,
) -> tuple[Problem, ...]:
    """Problems of the difficulty bins, at most `limit` of them, in their order.

    The limit takes the first ones, or with a seed a random part that grows with the limit:
    the choice at a smaller limit is contained in that at a larger one.
    """
    if limit is not None and limit < 1:
        raise UsageError(f"A limit of {limit} problems leaves nothing to solve.")
    wanted = [one for one in problems if bins is None or one.difficulty_bin in bins]
    if not wanted:
        raise UsageError(f"No problem has a difficulty bin among {sorted(bins or ())}.")
    order = list(range(len(wanted)))
    if seed is not None:
        random.Random(f"problems/{seed}").shuffle(order)
    return tuple(wanted[place] for place in sorted(order[:limit]))


def shuffled(problems: Sequence[Problem], *, seed: int = 0) -> tuple[Problem, ...]:
    """All of the problems so that every first part of them is a fair sample of the whole.

    Random by the seed; the difficulty bins are dealt out in proportion.
    """
    luck = random.Random(f"order/{seed}")
    bins: dict[int | None, list[Problem]] = {}
    for problem in luck.sample(list(problems), len(problems)):
        bins.setdefault(problem.difficulty_bin, []).append(problem)
    placed = [
        ((rank + luck.random()) / len(members), place, problem)
        for place, members in enumerate(bins.values())
        for rank, problem in enumerate(members)
    ]
    return tuple(problem for *_, problem in sorted(placed, key=lambda one: one[:2]))
