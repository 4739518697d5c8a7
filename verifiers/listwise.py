"""Several solutions put in an order."""

from __future__ import annotations

import re
from collections.abc import Sequence

from tts.answers.verdict import places, plain, settled
from tts.errors import BadReply
from tts.protocols import Awaitable, Generator, Verbs
from tts.values import Candidate, Completion, Message, Problem, Sampling
from tts.verifiers.asking import Asking, ask

_SYSTEM = (
    "You rank solutions of one problem. Check each, then write a last line of the form "
    "`Ranking: 2 > 1 > 3`, with the number of every solution, the best one first."
)
_ITEM = r"\[*(?:(?:solution|candidate|no\.?)\s*)?(\d{1,4})\]*"
_ORDER = rf"{_ITEM}(?:\s*(?:>+|≻|→|,|;)\s*{_ITEM})*"
_RANKING = re.compile(
    rf"\b(?:ranking|order|rank)\b[^\n:=\d]{{0,30}}[:=]\s*\[*({_ORDER})", re.IGNORECASE
)
_ALONE = re.compile(rf"^[\W]*({_ORDER})\W*$", re.IGNORECASE)
_NUMBERED = re.compile(
    r"^\s*\d{1,4}[.)]\s*(?:solution|candidate)\s+(\d{1,4})\b", re.IGNORECASE | re.MULTILINE
)


class ListwiseWording:
    """Asks for an order (RankGPT, Sun et al. 2023); the verdict is a score per solution."""

    name, version = "listwise", "1"
    again = "Write only the line `Ranking: 2 > 1 > 3`, with the number of every solution."

    def messages(self, problem: Problem, texts: Sequence[str]) -> tuple[Message, ...]:
        listed = "\n\n".join(f"Solution {at}:\n{text}" for at, text in enumerate(texts, start=1))
        user = f"Problem:\n{problem.prompt}\n\n{listed}"
        return (Message("system", _SYSTEM), Message("user", user))

    def read(self, completion: Completion, texts: int) -> tuple[float, ...]:
        """1 for the best and 0 for the last; those that were not named share the last places.

        A solution that is named twice has its first place; an order that names one beyond the last
        is none.
        """
        order = places(_numbers(plain(settled(completion))), texts)
        if not order:
            raise BadReply("The judge gave no order of the solutions.")
        if texts == 1:
            return (1.0,)
        left = (texts - len(order) - 1) / 2 / (texts - 1) if len(order) < texts else 0.0
        scores = [left] * texts
        for place, one in enumerate(order):
            scores[one] = 1.0 - place / (texts - 1)
        return tuple(scores)

    def pretended(self, texts: int) -> str:
        return "Ranking: " + " > ".join(str(at) for at in range(1, texts + 1))


class ListwiseJudge:
    """Ranks all at once: one call however many candidates there are."""

    def __init__(self, generator: Generator, *, sampling: Sampling | None = None) -> None:
        chosen = sampling or Sampling(temperature=0.0, max_tokens=1024)
        self._asking = Asking(generator, wording=ListwiseWording(), sampling=chosen)

    def rank(
        self, candidates: Sequence[Candidate | Awaitable[Candidate]], run: Verbs
    ) -> Awaitable[tuple[float, ...]]:
        """The node that will hold one score per candidate, in their order."""
        node: Awaitable[tuple[float, ...]] = ask(run, self._asking, list(candidates))
        return node


def _numbers(flat: str) -> list[str]:
    """The numbers of the last order in a reply, as written."""
    labelled = [found[0] for found in _RANKING.findall(flat)]
    lines = flat.splitlines()
    alone = _ALONE.match(lines[-1]) if lines else None
    if labelled or alone is not None:
        return re.findall(r"\d+", labelled[-1] if labelled else alone[1])  # type: ignore[index]
    return _NUMBERED.findall(flat)
