"""DORA: rollouts shared out over directions rather than over candidates."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from tts.protocols import Operation
from tts.run import Run
from tts.strategies.cosines import cosines
from tts.strategies.direction_shares import direction_shares
from tts.strategies.parts.select import Choice
from tts.strategies.parts.width import largest_remainder
from tts.strategies.search.rebase import Rebase
from tts.strategies.word_similarity import word_similarity
from tts.values import Scored


class DORA(Rebase):
    """Direction-oriented resource allocation (Wang et al. 2025).

    REBASE gives a direction that was drawn twice two shares. Here a candidate's share is divided
    by how many others say the same, and shares become whole numbers by largest remainder.
    The paper tells directions apart by embeddings; without an embedder it is done by words, which
    finds repetitions and misses paraphrases. `parameters` says which.
    """

    name = "dora"

    def __init__(
        self,
        *,
        n: int = 16,
        rounds: int = 25,
        temperature: float = 0.1,
        select: Choice = "weighted",
        directions: Literal["words"] | Operation = "words",
    ) -> None:
        """`directions`: by `words`, or by an operation from a list of texts to a vector for each,
        paid like any call. The others are Rebase's."""
        super().__init__(n=n, rounds=rounds, temperature=temperature, select=select)
        if isinstance(directions, str) and directions != "words":
            raise ValueError(f"directions is words or an embedding operation, not {directions!r}.")
        self.directions = directions
        self.bounded = isinstance(directions, str)

    @property
    def parameters(self) -> dict[str, Any]:
        by = self.directions
        told = by if isinstance(by, str) else by.spec.model or by.spec.name
        return {**super().parameters, "directions": told}

    async def widths(self, live: Sequence[Scored], width: int, run: Run) -> list[int]:
        texts = [one.candidate.text for one in live]
        if isinstance(self.directions, str):
            similarity = word_similarity(texts)
        else:
            similarity = cosines(await run.call(self.directions, texts))
        scores = [one.score.value for one in live]
        shares = direction_shares(scores, similarity, temperature=self.temperature)
        return largest_remainder(shares, width)
