"""A language model as an outcome verifier."""

from __future__ import annotations

from collections.abc import Sequence
from math import fsum
from typing import Any

from tts.protocols import Awaitable, Generator, Verbs
from tts.values import Candidate, Sampling, Score
from tts.verifiers.asking import Asking, Wording
from tts.verifiers.pointwise import PointwiseWording
from tts.verifiers.true_or_false import TrueOrFalseWording


class Judge:
    """Scores a candidate by the mean of `votes` answers to one wording's question."""

    def __init__(
        self,
        generator: Generator,
        *,
        wording: Wording,
        sampling: Sampling,
        votes: int = 1,
    ) -> None:
        if votes < 1:
            raise ValueError(f"A judge gives at least one vote, not {votes}.")
        self._asking = Asking(generator, wording=wording, sampling=sampling)
        self._generator, self._votes = generator, votes
        self.name = f"{wording.name}:{generator.model.name}"

    @classmethod
    def pointwise(cls, generator: Generator, *, votes: int = 1) -> Judge:
        """A mark from 0 to 10, read off a written check; several votes are drawn at 0.7."""
        sampling = Sampling(temperature=0.7 if votes > 1 else 0.0, max_tokens=1024)
        return cls(generator, wording=PointwiseWording(), sampling=sampling, votes=votes)

    @classmethod
    def self_evaluation(cls, generator: Generator) -> Judge:
        """P(True) in the eyes of the model that wrote the solution, or of another one."""
        sampling = Sampling(temperature=0.0, max_tokens=8, logprobs=10)
        return cls(generator, wording=TrueOrFalseWording(), sampling=sampling)

    @property
    def identity(self) -> Any:
        spec, model = self._asking.spec, self._generator.model
        return {
            "judge": spec.name,
            "version": spec.version,
            "model": model.name,
            "revision": model.revision,
            "votes": self._votes,
        }

    def score(self, candidate: Candidate | Awaitable[Candidate], run: Verbs) -> Awaitable[Score]:
        """A node per vote and one for their mean."""
        votes = [run.call(self._asking, candidate) for _ in range(self._votes)]
        node: Awaitable[Score] = run.call(mean_score, votes)
        return node

    async def close(self) -> None:
        await self._generator.close()


def mean_score(votes: Sequence[float]) -> Score:
    """The mean of marks in 0…1."""
    return Score(value=min(1.0, max(0.0, fsum(votes) / len(votes))))
