"""Answer equivalence, as votes, metrics and stopping rules use it."""

from __future__ import annotations

import copy
import re
from collections import Counter, OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from typing import Self

from msgspec.structs import replace

from tts.equivalence.canonical import LONGEST_READ, Canonical, canonical
from tts.equivalence.instructions import follows
from tts.equivalence.number import Number, read_number, same_number
from tts.equivalence.pool import Pool, Verdict, is_admissible, window
from tts.values import AnswerKind

VERSION = f"2+math-verify-{version('math-verify')}"
"""Enters manifests: another version may judge otherwise."""

REMEMBERED = 8192
STRIKES, CREDIT = 3, 16
"""Killed workers after which an answer is given up; more where it was compared before."""

_Pair = tuple[str, str, int, AnswerKind]
_DECIMAL_COMMA = re.compile(r"[-+]?[0-9]+,[0-9]+")
_SAYING = re.compile(r"(?<![A-Za-z])(?<!not )(?:is|are|equals|it's)(?![A-Za-z])|[:=]")
_TURN = re.compile(r"\.?\s*<\|\w+\|>\w*$")
STATEMENT = 64
"""Characters that a number may take at the end of the sentence that states it."""


ProgramGrader = Callable[[str, str], Awaitable[Verdict]]
"""A program and the tests it is judged by."""


@dataclass(slots=True)
class _Class:
    """Equal answers of a vote, as far as they are known."""

    founder: str
    looseness: int
    members: list[int]


class Equivalence:
    """Says whether two answers are the same: by spelling and arithmetic, else by algebra.

    Text is compared as text; algebra compares two answers that are mathematics. `kind` is what the
    task's answers are; `of` gives the same judge for another kind. Decimals agree to `rounding`
    places, or as `same_number` says. Algebra runs in at most `workers` killable processes; a
    comparison that is too large or takes more than `seconds` is `undecided`. Symmetric, but for
    programs: `programs` says whether the first passes the tests that the second stands for; and
    for texts whose reference is instructions, which the first keeps to or not.
    """

    version = VERSION

    def __init__(
        self,
        *,
        rounding: int = 6,
        workers: int = 1,
        seconds: float = 1.8,
        kind: AnswerKind = "any",
        programs: ProgramGrader | None = None,
    ) -> None:
        self._programs = programs
        self._rounding = rounding
        self._kind: AnswerKind = kind
        self._kinds: dict[AnswerKind, Equivalence] = {kind: self}
        self._pool = Pool(workers, seconds=seconds)
        self._known: OrderedDict[_Pair, Verdict] = OrderedDict()
        self._strikes: Counter[str] = Counter()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    def of(self, kind: AnswerKind) -> Equivalence:
        """The same judge, workers and memory for answers of another kind."""
        if kind not in self._kinds:
            found = self._kinds[kind] = copy.copy(self)
            found._kind = kind
        return self._kinds[kind]

    @property
    def started(self) -> int:
        """How many worker processes were started so far."""
        return self._pool.started

    @property
    def killed(self) -> int:
        """How many worker processes were killed so far."""
        return self._pool.killed

    def quick(self, a: str, b: str) -> Verdict | None:
        """The verdict where spelling or arithmetic decides it; None: it takes a worker."""
        return quick(a, b, rounding=self._rounding, kind=self._kind)

    async def compare(self, a: str, b: str, *, rounding: int | None = None) -> Verdict:
        """Whether two answers are the same; `rounding` replaces the places of this instance."""
        if self._kind == "program" and a != b and self._programs is not None:
            return await self._programs(a, b)
        places = self._rounding if rounding is None else rounding
        verdict = quick(a, b, rounding=places, kind=self._kind)
        if verdict is not None:
            return verdict
        first, second = sorted((window(a), window(b)))
        return await self._by_algebra(first, second, places)

    async def groups(self, answers: Sequence[str]) -> list[list[int]]:
        """Positions of equal answers, classes and members in order of first appearance.

        Answers with a unit or written exactly found the classes. One without its unit, or rounded,
        joins the class that it equals only where there is just one, so that `10` does not make
        `10 cm` and `10 m` one answer, whatever came first. `undecided` is not equal.
        """
        places: dict[tuple[str, Number | None], list[int]] = {}
        for position, answer in enumerate(answers):
            read = canonical(answer, self._kind)
            places.setdefault((read.text, read.number), []).append(position)
        classes: list[_Class] = []
        for positions in sorted(
            places.values(), key=lambda found: self._looseness(answers[found[0]])
        ):
            await self._join(positions, answers, classes)
        return sorted(sorted(found.members) for found in classes)

    async def close(self) -> None:
        """Stop the workers."""
        await self._pool.close()

    def _looseness(self, answer: str) -> int:
        number = canonical(answer, self._kind).number
        return 0 if number is None else (number.unit is None) + 2 * (not number.exact)

    async def _join(
        self, positions: list[int], answers: Sequence[str], classes: list[_Class]
    ) -> None:
        """Put equal answers into the class that they equal, or found one."""
        answer = answers[positions[0]]
        looseness = self._looseness(answer)
        verdicts = [self.quick(found.founder, answer) for found in classes]
        same = [found for found, said in zip(classes, verdicts, strict=True) if said == "same"]
        alike = [found for found in same if found.looseness == looseness]
        chosen = alike[:1] or (same if len(same) == 1 else [])
        if not same:
            pending = [f for f, said in zip(classes, verdicts, strict=True) if said is None]
            chosen = await self._first_by_algebra(answer, pending)
        if chosen:
            chosen[0].members.extend(positions)
        else:
            classes.append(_Class(answer, looseness, list(positions)))

    async def _first_by_algebra(self, answer: str, classes: list[_Class]) -> list[_Class]:
        for found in classes:
            if await self.compare(found.founder, answer) == "same":
                return [found]
        return []

    async def _by_algebra(self, a: str, b: str, rounding: int) -> Verdict:
        pair = (a, b, rounding, self._kind)
        if pair in self._known:
            self._known.move_to_end(pair)
            return self._known[pair]
        if not all(is_admissible(text) and self._strikes[text] < STRIKES for text in (a, b)):
            return "undecided"
        verdict = await self._pool.compare(a, b, rounding=rounding, kind=self._kind)
        self._learn(pair, verdict)
        return verdict

    def _learn(self, pair: _Pair, verdict: Verdict) -> None:
        """Remember a verdict, and which answer may be to blame where there is none.

        A number never is, and hardly what was compared before with a result; so an answer that
        keeps killing workers is given up, and those it met are not.
        """
        self._known[pair] = verdict
        if len(self._known) > REMEMBERED:
            self._known.popitem(last=False)
        if len(self._strikes) > REMEMBERED:
            self._strikes.clear()
        for text in pair[:2]:
            if verdict != "undecided":
                self._strikes[text] = -CREDIT
            elif canonical(text, self._kind).number is None:
                self._strikes[text] += 1


def quick(a: str, b: str, *, rounding: int = 6, kind: AnswerKind = "any") -> Verdict | None:
    """The verdict where no algebra is needed; None: it takes algebra.

    Words are the same as equal words alone, a date as that date; neither is ever mathematics.
    """
    if a == b:
        return "same"
    if kind == "instructed":
        return follows(a, b)
    one, other = canonical(a, kind), canonical(b, kind)
    if one.number is not None and other.number is not None:
        return "same" if same_number(one.number, other.number, rounding) else "different"
    if one.text == other.text:
        return "same"
    if one.words is not None and other.words is not None:
        return "same" if one.words == other.words else "different"
    if one.number is not None:
        return _number_and_other(one.number, other, rounding, kind)
    if other.number is not None:
        return _number_and_other(other.number, one, rounding, kind)
    readable = all(each.mathematics or each.prose for each in (one, other))
    return None if readable else "different"


def _number_and_other(
    number: Number, other: Canonical, rounding: int, kind: AnswerKind
) -> Verdict | None:
    if other.words is not None:
        stated = None if kind == "text" else _stated(other.text, kind)
        found = stated is not None and same_number(number, stated, rounding)
        return "same" if found else "different"
    if len(other.text) <= LONGEST_READ and _DECIMAL_COMMA.fullmatch(other.text):
        read = read_number(other.text.replace(",", "."))
        if read is not None and same_number(number, read, rounding):
            return "same"
    return None


def _stated(text: str, kind: AnswerKind) -> Number | None:
    """The number that a sentence ends with and says to be its answer, as in `so it's 1,000.99€`."""
    tail = _TURN.sub("", text[-STATEMENT:])
    says = [found.end() for found in _SAYING.finditer(tail)]
    if not says:
        return None
    rest = tail[says[-1] :].strip()
    for words in (rest, rest.rpartition(" ")[0]):
        said = words.rstrip(" .!")
        said = said.replace(",", ".") if _DECIMAL_COMMA.fullmatch(said) else said
        if (found := read_number(said, kind)) is not None:
            return replace(found, unit=found.unit and replace(found.unit, loose=True))
    return None
