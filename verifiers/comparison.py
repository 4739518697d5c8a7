"""Two solutions set against one another."""

from __future__ import annotations

import re
from collections.abc import Sequence

from tts.answers.verdict import plain, settled
from tts.errors import BadReply
from tts.protocols import Awaitable, Generator, Verbs
from tts.values import Candidate, Completion, Message, Problem, Sampling
from tts.verifiers.asking import Asking, ask

_SYSTEM = (
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
_ALONE = re.compile(r"^\W*(?:solution\s+)?(A|B|equal|tie|both|same)\W*$", re.IGNORECASE)
_VALUES = {"a": 1.0, "b": 0.0}
"""The share of A by the word of a verdict; every other word calls both equal."""


class PairwiseWording:
    """Asks which of two solutions is better; the verdict is A's share, 0, ½ or 1."""

    name, version = "pairwise", "1"
    again = "Write only the line `Better: A`, `Better: B` or `Better: equal`."

    def messages(self, problem: Problem, texts: Sequence[str]) -> tuple[Message, ...]:
        user = f"Problem:\n{problem.prompt}\n\nSolution A:\n{texts[0]}\n\nSolution B:\n{texts[1]}"
        return (Message("system", _SYSTEM), Message("user", user))

    def read(self, completion: Completion, texts: int) -> float:
        """A's share, by the last labelled verdict, else by what is said, else by the last line."""
        flat = plain(settled(completion))
        said = {word.lower() for word in self._words(flat)}
        if len(said) != 1:
            raise BadReply("The judge said neither A, nor B, nor equal.")
        return _VALUES.get(said.pop(), 0.5)

    def _words(self, flat: str) -> list[str]:
        labelled = _LABELLED.findall(flat)
        if labelled:
            return labelled[-1:]
        said = ["".join(found) for found in _SAID.findall(flat)]
        lines = flat.splitlines()
        return said or (_ALONE.findall(lines[-1]) if lines else [])

    def pretended(self, texts: int) -> str:
        return "Better: equal"


class PairwiseJudge:
    """Compares in both orders, since judges prefer a place (Zheng et al. 2023, section 3.3)."""

    def __init__(self, generator: Generator, *, sampling: Sampling | None = None) -> None:
        chosen = sampling or Sampling(temperature=0.0, max_tokens=1024)
        self._asking = Asking(generator, wording=PairwiseWording(), sampling=chosen)

    def prefer(
        self,
        left: Candidate | Awaitable[Candidate],
        right: Candidate | Awaitable[Candidate],
        run: Verbs,
    ) -> Awaitable[float]:
        """The node that will hold the left one's share of the verdict, 0…1."""
        there = ask(run, self._asking, [left, right])
        back = ask(run, self._asking, [right, left])
        node: Awaitable[float] = run.call(_balanced, there, back)
        return node


def _balanced(there: float, back: float) -> float:
    return (there + 1.0 - back) / 2.0
