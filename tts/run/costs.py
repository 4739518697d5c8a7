"""What a Run pays: what its calls have paid for, how long its draws are, and what its end may cost."""

from __future__ import annotations

from bisect import insort
from collections import defaultdict
from collections.abc import Sequence
from math import ceil

from msgspec import Struct
from msgspec.structs import replace

from tts.budget import unknown
from tts.errors import BudgetTooSmall
from tts.protocols import Mark, Prefix
from tts.run.generation import Generation
from tts.run.settings import RunSettings
from tts.values import NOTHING, Budget, Dimension, Usage, in_words

LIKELY = 0.9
"""Share of the draws that a likely length is to hold."""


class Paid:
    """The beginnings of prompts that the models of one Run have computed, and its verdicts.

    Each prompt is paid for by the first charged call that has it, and later calls share it. What
    all of them pay together is the size of a tree of prompts, the same in whatever order they end.
    A child Run has its own: what it shares is then known whether or not its parent drops it.
    """

    __slots__ = ("_read", "verdicts")

    def __init__(self) -> None:
        self._read: dict[Mark, int | None] = {}
        """By mark its tokens; None: they were not counted, since no call ended there."""
        self.verdicts: set[str] = set()
        """Keys of the verdicts, of which equal ones are the same."""

    def unread(self, prefixes: Sequence[Prefix], prompt_tokens: int) -> int:
        """How many tokens of a prompt its model has not computed; the whole prompt comes first."""
        read = self._read
        for place, (mark, count) in enumerate(prefixes):
            if mark is None or mark in read:
                if place == 0:
                    return 0
                known = None if mark is None else read[mark]
                return max(0, prompt_tokens - (count() if known is None else known))
        return prompt_tokens

    def read(self, prefixes: Sequence[Prefix], prompt_tokens: int) -> int:
        """From now on the model has computed a prompt, and with it all that it begins with.

        Returns how many tokens of it were not computed before.
        """
        if prefixes and self._read.get(prefixes[0][0]) == prompt_tokens:
            return 0
        unread = self.unread(prefixes, prompt_tokens)
        tokens: int | None = prompt_tokens
        for mark, _ in prefixes:
            if mark is not None and self._read.get(mark) is None:
                self._read[mark] = tokens
            tokens = None
        return unread

    def wrote(self, mark: Mark, tokens: int) -> None:
        """From now on the model has computed a text, so long with what stands before it."""
        self._read[mark] = tokens


class Lengths:
    """Tokens of each draw that came, by kind.

    What it says depends on which draws came and never on the order in which they did.
    """

    def __init__(self) -> None:
        self._sorted: defaultdict[str, list[int]] = defaultdict(list)

    def note(self, kind: str, tokens: int) -> None:
        insort(self._sorted[kind], tokens)

    def likely(self, kind: str) -> int | None:
        """A length that the next draw exceeds in at most one case of ten; None: nothing is known.

        Of exchangeable draws the next is no longer than the k-th shortest of m with a probability
        of k / (m + 1) at least (split conformal prediction; Vovk et al. 2005). Where m is too small
        for that, it is twice the longest.
        """
        known = self._sorted.get(kind)
        if not known:
            return None
        rank = ceil(LIKELY * (len(known) + 1))
        return known[rank - 1] if rank <= len(known) else 2 * known[-1]


class WorstCases(Struct, frozen=True):
    """The least budget holds one of each."""

    forced: Usage = NOTHING
    """A short answer, forced from a text of the greatest length; nothing where draws are recorded:
    none was recorded."""
    draw: Usage = NOTHING
    """One whole solution."""

    @classmethod
    def of(cls, settings: RunSettings, operation: Generation) -> WorstCases:
        """By the default generator's operation and the sampling of a run, without prices."""
        sampling, problem = settings.sampling, settings.problem
        draw = operation.worst((problem, sampling, "end"), first=True)
        if not operation.closes:
            return cls(draw=draw)
        short = replace(sampling, max_tokens=settings.forced_tokens)
        reach = sampling.max_tokens + operation.length(settings.task.forced_answer)
        return cls(
            forced=operation.foresee((problem, short, "answer"), reach),
            draw=draw,
        )


def finish_reserve(
    budget: Budget, worst: WorstCases, *, stepwise: bool = False
) -> dict[Dimension, int]:
    """The share of `finish`, kept back from the start; raises where no call fits beside it.

    A stepwise search may have nothing finished at any time: its share holds the rest of a whole
    solution too, as far as one call still fits beside it.
    """
    share: dict[Dimension, int] = {}
    for name, ceiling in budget.ceilings.items():
        last, one = getattr(worst.forced, name), getattr(worst.draw, name)
        if last is None or one is None:
            raise unknown(name)
        need = last + one
        if need > ceiling:
            shorter = "" if name == "calls" else ", or lower --max-tokens"
            raise BudgetTooSmall(
                f"A budget of {in_words(name, ceiling)} is too small: one call and a last answer "
                f"may need {in_words(name, need)}. Give at least {in_words(name, need)}{shorter}."
            )
        share[name] = min(need, ceiling - one) if stepwise else last
    return share
