"""Answer equivalence, as votes, metrics and stopping rules use it."""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Sequence
from importlib.metadata import version
from typing import Self

from tts.equivalence.canonical import canonical
from tts.equivalence.guard import is_admissible
from tts.equivalence.pool import Pool
from tts.equivalence.quick import quick
from tts.equivalence.verdict import Verdict
from tts.equivalence.window import window

VERSION = f"1+math-verify-{version('math-verify')}"
"""Enters manifests: another version may judge otherwise."""

REMEMBERED = 8192
STRIKES, CREDIT = 3, 16
"""Killed workers after which an answer is given up; more where it was compared before."""

_Pair = tuple[str, str, int]


class Equivalence:
    """Says whether two answers are the same: by spelling and arithmetic, else by algebra.

    Algebra runs in at most `workers` killable processes; a comparison that is too large or takes
    more than `seconds` is `undecided`. Decimals agree to `rounding` places. Symmetric.
    """

    version = VERSION

    def __init__(self, *, rounding: int = 6, workers: int = 1, seconds: float = 1.8) -> None:
        self._rounding = rounding
        self._pool = Pool(workers, seconds=seconds)
        self._known: OrderedDict[_Pair, Verdict] = OrderedDict()
        self._strikes: Counter[str] = Counter()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

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
        return quick(a, b, rounding=self._rounding)

    async def compare(self, a: str, b: str, *, rounding: int | None = None) -> Verdict:
        """Whether two answers are the same; `rounding` replaces the places of this instance."""
        places = self._rounding if rounding is None else rounding
        verdict = quick(a, b, rounding=places)
        if verdict is not None:
            return verdict
        first, second = sorted((window(a), window(b)))
        return await self._by_algebra(first, second, places)

    async def groups(self, answers: Sequence[str]) -> list[list[int]]:
        """Positions of equal answers, classes and members in order of first appearance.

        An answer joins the first class whose first member it equals, by spelling or arithmetic
        before algebra; `undecided` is not equal.
        """
        classes: list[list[int]] = []
        known: dict[str, list[int]] = {}
        for position, answer in enumerate(answers):
            text = canonical(answer).text
            if text not in known:
                known[text] = await self._class(answer, answers, classes)
            known[text].append(position)
        return classes

    async def close(self) -> None:
        """Stop the workers."""
        await self._pool.close()

    async def _class(
        self, answer: str, answers: Sequence[str], classes: list[list[int]]
    ) -> list[int]:
        pending: list[list[int]] = []
        for members in classes:
            verdict = self.quick(answers[members[0]], answer)
            if verdict == "same":
                return members
            if verdict is None:
                pending.append(members)
        for members in pending:
            if await self.compare(answers[members[0]], answer) == "same":
                return members
        classes.append([])
        return classes[-1]

    async def _by_algebra(self, a: str, b: str, rounding: int) -> Verdict:
        pair = (a, b, rounding)
        if pair in self._known:
            self._known.move_to_end(pair)
            return self._known[pair]
        if not all(is_admissible(text) and self._strikes[text] < STRIKES for text in (a, b)):
            return "undecided"
        verdict = await self._pool.compare(a, b, rounding=rounding)
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
            elif canonical(text).number is None:
                self._strikes[text] += 1
