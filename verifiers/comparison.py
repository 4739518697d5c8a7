"""Solutions set against one another: two of them, or all in an order."""

from __future__ import annotations

import re
from collections.abc import Sequence

from tts.answers.verdict import places, plain, settled
from tts.errors import BadReply
from tts.protocols import Generator
from tts.run import Node, Outcome, Run
from tts.values import Candidate, Completion, Message, Problem, Sampling
from tts.verifiers.asking import Asking, ask, room_for
from tts.verifiers.expectation import ALTERNATIVES, expectation

_COMPARE = (
    "You compare two solutions of one problem. Check both, then write a last line of the form "
    "`Better: A`, `Better: B` or `Better: equal`."
)
_LABELLED = re.compile(
    r"\b(?:[Bb]etter|[Bb]est|[Ww]inner|[Pp]referred|[Pp]reference|[Vv]erdict|[Cc]hoice)\b"
    r"[^\n:=]{0,30}?[:=]\s*(?:[Ss]olution\s+)?\[*(A|B|C(?=\])|[Ee]qual\w*|[Tt]ie|[Bb]oth|[Nn]either|[Ss]ame"
    r"|a(?=\W*(?:\n|$))|b(?=\W*(?:\n|$)))\b(?!\s*(?:or|and|/)\s*[AB]\b)"
)
_SAID = re.compile(
    r"\b(A|B)\b\s+(?:is|was|seems|looks)\s+(?:the\s+)?(?:clearly\s+|much\s+|slightly\s+)?"
    r"(?:better|best)\b|\bprefer\s+(?:[Ss]olution\s+)?(A|B)\b|\[\[(A|B|C)\]\]|\b(A|B)\s*>+\s*[AB]\b"
    r"|\b([Ee]qually)\s+(?:good|bad|right|wrong|correct)\b"
)
_WORD_ALONE = re.compile(r"^\W*(?:solution\s+)?(A|B|equal|tie|both|same)\W*$", re.IGNORECASE)
_BETTER = re.compile(r"\bbetter\b[\s*_:=`\[]{1,8}(A|B|equal)\b", re.IGNORECASE)
_VALUES = {"a": 1.0, "b": 0.0}
"""The share of A by the word of a verdict; every other word calls both equal."""


class PairwiseWording:
    """Asks which of two solutions is better; the verdict is A's share, 0, ½ or 1, or its mean over
    these where log-probabilities are reported."""

    name, version = "pairwise", "2"
    again = "Write only the line `Better: A`, `Better: B` or `Better: equal`."

    def messages(self, problem: Problem, texts: Sequence[str]) -> tuple[Message, ...]:
        user = f"Problem:\n{problem.prompt}\n\nSolution A:\n{texts[0]}\n\nSolution B:\n{texts[1]}"
        return (Message("system", _COMPARE), Message("user", user))

    def read(self, completion: Completion, texts: int) -> float:
        """A's share, by the last labelled verdict, else by what is said, else by the last line."""
        flat = plain(settled(completion))
        said = {word.lower() for word in self._words(flat)}
        if len(said) != 1:
            raise BadReply("The judge said neither A, nor B, nor equal.")
        word = said.pop()
        share = _VALUES.get(word, 0.5)
        told = list(_BETTER.finditer(completion.text))
        if not told or told[-1][1].lower() != word:
            return share
        return expectation(completion, told[-1].start(1), share, {**_VALUES, "equal": 0.5})

    def _words(self, flat: str) -> list[str]:
        labelled = _LABELLED.findall(flat)
        if labelled:
            return labelled[-1:]
        said = ["".join(found) for found in _SAID.findall(flat)]
        lines = flat.splitlines()
        return said or (_WORD_ALONE.findall(lines[-1]) if lines else [])

    def pretended(self, texts: int) -> str:
        return "Better: equal"


class PairwiseJudge:
    """Compares in both orders, since judges prefer a place (Zheng et al. 2023, section 3.3)."""

    def __init__(self, generator: Generator, *, sampling: Sampling | None = None) -> None:
        chosen = sampling or Sampling(
            temperature=0.0, max_tokens=room_for(generator), logprobs=ALTERNATIVES
        )
        self._asking = Asking(generator, wording=PairwiseWording(), sampling=chosen)

    def prefer(
        self,
        left: Candidate | Node[Candidate],
        right: Candidate | Node[Candidate],
        run: Run,
    ) -> Node[float]:
        """The node that will hold the left one's share of the verdict, 0…1."""
        there = ask(run, self._asking, [left, right])
        back = ask(run, self._asking, [right, left])
        return run.call(_balanced, there, back)


def _balanced(there: Outcome[float], back: Outcome[float]) -> float:
    """The mean over both orders, once both have ended: none is left under way behind a verdict."""
    if there.value is None or back.value is None:
        raise there.error or back.error or BadReply("A comparison is missing.")
    return (there.value + 1.0 - back.value) / 2.0


_RANK = (
    "You rank solutions of one problem. Check each, then write a last line of the form "
    "`Ranking: 2 > 1 > 3`, with the number of every solution, the best one first."
)
_ITEM = r"\[*(?:(?:solution|candidate|no\.?)\s*)?(\d{1,4})\]*"
_ORDER = rf"{_ITEM}(?:\s*(?:>+|≻|→|,|;)\s*{_ITEM})*"
_RANKING = re.compile(
    rf"\b(?:ranking|order|rank)\b[^\n:=\d]{{0,30}}[:=]\s*\[*({_ORDER})", re.IGNORECASE
)
_ORDER_ALONE = re.compile(rf"^[\W]*({_ORDER})\W*$", re.IGNORECASE)
_NUMBERED = re.compile(
    r"^\s*\d{1,4}[.)]\s*(?:solution|candidate)\s+(\d{1,4})\b", re.IGNORECASE | re.MULTILINE
)


class ListwiseWording:
    """Asks for an order (RankGPT, Sun et al. 2023); the verdict is a score per solution."""

    name, version = "listwise", "2"
    again = "Write only the line `Ranking: 2 > 1 > 3`, with the number of every solution."

    def messages(self, problem: Problem, texts: Sequence[str]) -> tuple[Message, ...]:
        listed = "\n\n".join(f"Solution {at}:\n{text}" for at, text in enumerate(texts, start=1))
        user = f"Problem:\n{problem.prompt}\n\n{listed}"
        return (Message("system", _RANK), Message("user", user))

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
        chosen = sampling or Sampling(temperature=0.0, max_tokens=room_for(generator))
        self._asking = Asking(generator, wording=ListwiseWording(), sampling=chosen)

    def rank(
        self, candidates: Sequence[Candidate | Node[Candidate]], run: Run
    ) -> Node[tuple[float, ...]]:
        """The node that will hold one score per candidate, in their order."""
        return ask(run, self._asking, list(candidates))


def _numbers(flat: str) -> list[str]:
    """The numbers of the last order in a reply, as written."""
    labelled = [found[0] for found in _RANKING.findall(flat)]
    lines = flat.splitlines()
    alone = _ORDER_ALONE.match(lines[-1]) if lines else None
    if labelled or alone is not None:
        return re.findall(r"\d+", labelled[-1] if labelled else alone[1])  # type: ignore[index]
    return _NUMBERED.findall(flat)
