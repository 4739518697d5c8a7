"""A language model as an outcome verifier: by a mark, or by its belief in a word."""

from __future__ import annotations

import re
from collections.abc import Sequence
from math import fsum, isclose
from typing import Any

from tts.answers.verdict import HIGHEST, mark, settled
from tts.errors import BadReply
from tts.protocols import Generator
from tts.run import Node, Outcome, Run
from tts.values import Candidate, Completion, Message, Problem, Sampling, Score
from tts.verifiers.asking import Asking, Heard, Wording, insisted, label_probability, room_for
from tts.verifiers.comparison import PairwiseJudge
from tts.verifiers.expectation import ALTERNATIVES, expectation


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
        self._pairs = PairwiseJudge(generator)
        self._generator, self._votes = generator, votes
        self.name = f"{wording.name}:{generator.model.name}"

    @classmethod
    def pointwise(cls, generator: Generator, *, votes: int = 1) -> Judge:
        """A mark from 0 to 10, read off a written check; several votes are drawn at 0.7."""
        sampling = Sampling(
            temperature=0.7 if votes > 1 else 0.0,
            max_tokens=room_for(generator),
            logprobs=ALTERNATIVES,
        )
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

    def score(self, candidate: Candidate | Node[Candidate], run: Run) -> Node[Score]:
        """A node per vote and one for their mean; an unreadable vote is put once more."""
        votes = [run.call(self._asking, candidate) for _ in range(self._votes)]
        return run.spawn(self._mean, candidate, votes)

    def prefer(
        self, left: Candidate | Node[Candidate], right: Candidate | Node[Candidate], run: Run
    ) -> Node[float]:
        """The node that will hold the left one's share of a comparison in both orders, 0…1."""
        return self._pairs.prefer(left, right, run)

    async def close(self) -> None:
        await self._generator.close()

    async def _mean(self, candidate: Candidate, votes: Sequence[Outcome[Heard]], run: Run) -> Score:
        """The mean of the votes that can be read; missing where none can."""
        asked = [run.spawn(vote, self._asking, candidate, one) for one in votes]
        marks = await run.all(asked)
        if not marks:
            raise marks.failed[0][1]
        return Score(value=min(1.0, max(0.0, fsum(marks) / len(marks))))


async def vote(asking: Asking, candidate: Candidate, heard: Outcome[Heard], run: Run) -> float:
    """One vote, in a child Run of its own."""
    if heard.value is None:
        raise heard.error or BadReply("A vote is missing.")
    mark: float = await insisted(asking, candidate, heard.value, run)
    return mark


_SYSTEM = (
    "You check solutions. Go through the solution step by step and look for the first mistake. "
    "Then write a last line of the form `Score: N`, where N is a whole number from 0 (certainly "
    "wrong) to 10 (certainly right)."
)


MARKS = {str(one): one / HIGHEST for one in range(HIGHEST + 1)}
"""The share of the scale by the mark as it is written."""
_SCORED = re.compile(r"\bscore\b[\s*_:=`$]{1,8}(10|\d)(?![\d.,]\d|\d)", re.IGNORECASE)


class PointwiseWording:
    """Asks for a mark from 0 to 10; its mean over the marks that the model might have given, where
    log-probabilities are reported (G-Eval, Liu et al. 2023)."""

    name, version = "pointwise", "2"
    again = (
        "Write only the line `Score: N`, where N is a whole number from 0 (certainly wrong) to 10 "
        "(certainly right)."
    )

    def messages(self, problem: Problem, texts: Sequence[str]) -> tuple[Message, ...]:
        user = f"Problem:\n{problem.prompt}\n\nSolution:\n{texts[0]}"
        return (Message("system", _SYSTEM), Message("user", user))

    def read(self, completion: Completion, texts: int) -> float:
        """The mark in 0…1, in whatever words it is given."""
        found = mark(settled(completion))
        if found is None:
            raise BadReply("The judge gave no mark from 0 to 10.")
        told = list(_SCORED.finditer(completion.text))
        if not told or not isclose(MARKS[told[-1][1]], found):
            return found
        return expectation(completion, told[-1].start(1), found, MARKS)

    def pretended(self, texts: int) -> str:
        return "Score: 5"


class TrueOrFalseWording:
    """P(True) of Kadavath et al. 2022, section 3: the probability of the word, not the word."""

    name, version = "true_or_false", "2"
    again = "Answer with one word, True or False."

    def messages(self, problem: Problem, texts: Sequence[str]) -> tuple[Message, ...]:
        user = (
            f"Problem:\n{problem.prompt}\n\nProposed solution:\n{texts[0]}\n\n"
            "Is the proposed solution right? Answer with one word, True or False."
        )
        return (Message("user", user),)

    def read(self, completion: Completion, texts: int) -> float:
        belief = label_probability(completion, "True", "False")
        if belief is None:
            raise BadReply("The judge said neither True nor False.")
        return belief

    def pretended(self, texts: int) -> str:
        return "True"
