"""Two solutions set against one another."""

from __future__ import annotations

import re
from collections.abc import Sequence

from tts.errors import BadReply
from tts.protocols import Awaitable, Generator, Verbs
from tts.values import Candidate, Completion, Message, Problem, Sampling
from tts.verifiers.asking import Asking

_SYSTEM = (
    "You compare two solutions of one problem. Check both, then write a last line of the form "
    "`Better: A`, `Better: B` or `Better: equal`."
)
_BETTER = re.compile(r"better\s*:\s*\**\s*(A\b|B\b|equal)", re.IGNORECASE)
_VALUES = {"a": 1.0, "b": 0.0, "equal": 0.5}


class PairwiseWording:
    """Asks which of two solutions is better; the verdict is A's share, 0, ½ or 1."""

    name, version = "pairwise", "1"

    def messages(self, problem: Problem, texts: Sequence[str]) -> tuple[Message, ...]:
        user = f"Problem:\n{problem.prompt}\n\nSolution A:\n{texts[0]}\n\nSolution B:\n{texts[1]}"
        return (Message("system", _SYSTEM), Message("user", user))

    def read(self, completion: Completion, texts: int) -> float:
        found = _BETTER.findall(completion.text)
        if not found:
            raise BadReply("The judge's answer holds no `Better: A|B|equal`.")
        return _VALUES[found[-1].lower()]

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
        there = run.call(self._asking, [left, right])
        back = run.call(self._asking, [right, left])
        node: Awaitable[float] = run.call(_balanced, there, back)
        return node


def _balanced(there: float, back: float) -> float:
    return (there + 1.0 - back) / 2.0
