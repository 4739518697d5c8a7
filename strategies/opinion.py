"""What a model thinks of partial solutions."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from msgspec.structs import replace

from tts.protocols import Draw
from tts.run import Run
from tts.strategies.parts.conversation import Remark
from tts.values import Candidate, Message, Usage

VALUE = (
    "Problem:\n{problem}\n\nBeginning of a solution:\n{texts}\n\nCheck it. Can it still lead to "
    "the right answer? Put one word on the last line: sure, likely or impossible."
)
VOTE = (
    "Problem:\n{problem}\n\nBeginnings of solutions:\n\n{texts}\n\nCompare them, then put the "
    "number of the most promising one alone on the last line."
)
WORTH = {"sure": 1.0, "likely": 0.05, "impossible": 0.00005}
"""20 : 1 : 0.001 as in the code of Yao et al. 2023, scaled to at most 1."""


class Opinion(Remark):
    """A remark on candidates; arguments of a call: (candidates, sampling, until)."""

    def __init__(self, run: Run, *, wording: str, of: str) -> None:
        super().__init__(run, of=of, role="judge")
        self.wording = wording

    def messages(self, source: Any) -> tuple[Message, ...]:
        """One user turn that shows the candidates, numbered where there are several."""
        return (Message("user", self._fill(numbered(source))),)

    def foresee(self, args: tuple[Any, ...], reach: int) -> Usage:
        turn = Message("user", self._fill(""))
        prompt = self.generator.count_prompt((turn,), "") + reach
        return self._charged(prompt, args[1].max_tokens, first=True)

    def pretend(self, args: tuple[Any, ...], draw: Draw) -> Any:
        """As costly as any, and of an opinion that ends nothing: `likely`, and the first."""
        return replace(super().pretend(args, draw), text="1 likely")

    def _fill(self, texts: str) -> str:
        parts = self.wording.replace("{problem}", self.problem.prompt, 1).rpartition("{texts}")
        return parts[0] + texts + parts[2]


def numbered(candidates: Sequence[Candidate]) -> str:
    """The candidates' texts; several are numbered from 1."""
    texts = [candidate.text.strip() for candidate in candidates]
    if len(texts) == 1:
        return texts[0]
    return "\n\n".join(f"{place}.\n{text}" for place, text in enumerate(texts, 1))


def worth(reply: str) -> float | None:
    """The value that a reply ends on; None where it names none."""
    words = re.findall(r"\b(sure|likely|impossible)\b", reply.lower())
    return WORTH[words[-1]] if words else None


def vote(reply: str, among: int) -> int | None:
    """Position of the candidate that a reply ends on, from 0; None where it names none."""
    numbers = [int(found) for found in re.findall(r"\b\d{1,4}\b", reply)]
    named = [number - 1 for number in numbers if 1 <= number <= among]
    return named[-1] if named else None
