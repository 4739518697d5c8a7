"""A language model as an outcome verifier."""

from __future__ import annotations

from collections.abc import Sequence
from math import fsum
from typing import Any, cast

from tts.errors import BadReply
from tts.graph import Outcome
from tts.protocols import Awaitable, Generator, Verbs
from tts.values import Candidate, Sampling, Score
from tts.verifiers.asking import Asking, Heard, Spawning, Wording, insisted
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
        """A node per vote and one for their mean; an unreadable vote is put once more."""
        votes = [run.call(self._asking, candidate) for _ in range(self._votes)]
        node: Awaitable[Score] = cast(Spawning, run).spawn(self._mean, candidate, votes)
        return node

    async def close(self) -> None:
        await self._generator.close()

    async def _mean(self, candidate: Candidate, votes: Sequence[Outcome[Heard]], run: Any) -> Score:
        """The mean of the votes that can be read; missing where none can."""
        asked = [run.spawn(vote, self._asking, candidate, one) for one in votes]
        marks = await run.all(asked)
        if not marks:
            raise marks.failed[0][1]
        return Score(value=min(1.0, max(0.0, fsum(marks) / len(marks))))


async def vote(asking: Asking, candidate: Candidate, heard: Outcome[Heard], run: Any) -> float:
    """One vote, in a child Run of its own."""
    if heard.value is None:
        raise heard.error or BadReply("A vote is missing.")
    mark: float = await insisted(asking, candidate, heard.value, run)
    return mark
