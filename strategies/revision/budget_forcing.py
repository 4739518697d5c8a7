"""Budget forcing: a floor and a ceiling on the tokens of one chain of thought."""

from __future__ import annotations

from tts.run import Run
from tts.strategies.base import StrategyBase, at_least
from tts.strategies.parts.select import Select, last_answered
from tts.strategies.parts.thoughts import THINKING_END
from tts.values import ENDED, Candidate, Problem


class BudgetForcing(StrategyBase):
    """Ignore early ends of thinking, cut late ones, then let the model answer (s1, 2025).

    Tokens are the backend's own: the ceiling is set as its limit and the floor is compared with its
    count, which it takes from token ids where it reports them and infers elsewhere. Text alone is
    carried on, so a backend that cannot continue a given text refuses the second call.
    """

    name = "budget_forcing"

    least: int | None = None
    """Thinking tokens below which an end is ignored; None: every end is, `waits` times."""
    most: int | None = None
    """Thinking tokens at which thinking is cut; None: the run's max_tokens."""
    waits: int = 1
    """How many ends are ignored, at most."""
    word: str = "Wait"
    """What stands in the place of an ignored end."""
    thinking_end: str = THINKING_END
    """What ends the thoughts; empty for a model that does not mark it."""
    answer_tokens: int | None = None
    """Tokens of the answer behind the thoughts; None: the run's max_tokens."""
    temperature: float | None = None
    """Of the thoughts; the answer is greedy. None: the run's."""

    def check(self) -> None:
        if self.thinking_end is None:  # as a command line writes that there is none
            object.__setattr__(self, "thinking_end", "")
        at_least(0, waits=self.waits, least=self.least or 0)
        at_least(1, most=1 if self.most is None else self.most)
        at_least(1, answer_tokens=1 if self.answer_tokens is None else self.answer_tokens)
        if self.least is not None and self.most is not None and (self.least > self.most):
            raise ValueError(f"least ({self.least}) is at most most ({self.most}).")

    async def solve(self, problem: Problem, run: Run) -> Candidate | None:
        thought = await self._think(problem, run)
        if not self.thinking_end and thought.answer is not None:
            return thought
        answered = await self._answer(thought, run)
        return answered if answered.answer is not None else await self.finish(problem, run)

    def draws_at(self, temperature: float) -> float:
        return temperature if self.temperature is None else self.temperature

    def selection(self) -> Select:
        return last_answered

    async def _think(self, problem: Problem, run: Run) -> Candidate:
        """The thoughts, without the mark of their end unless it stands behind all of them."""
        sampling = run.sampling
        ceiling = sampling.max_tokens if self.most is None else self.most
        told = self.draws_at(sampling.temperature)
        stops = (*sampling.stop, self.thinking_end) if self.thinking_end else sampling.stop
        source: Problem | Candidate = problem
        used = ignored = 0
        while True:
            room = ceiling - used
            [node] = run.sample(source, max_tokens=room, stop=stops, temperature=told)
            thought: Candidate = await node
            used = thought.completion_tokens
            cut = thought.finish_reason not in ENDED or used >= ceiling
            enough = self.least is not None and used >= self.least
            if cut or enough or ignored == self.waits:
                return thought
            ignored += 1
            source = changed(thought, f"{self._open(thought).rstrip()}\n\n{self.word}")

    async def _answer(self, thought: Candidate, run: Run) -> Candidate:
        if not self.thinking_end:
            source = changed(thought, thought.text.rstrip() + run.task.forced_answer)
            most = self.answer_tokens or run.forced_tokens
            [node] = run.sample(source, until="answer", temperature=0.0, max_tokens=most)
            return await node
        source = changed(thought, f"{self._open(thought).rstrip()}\n{self.thinking_end}\n\n")
        most = self.answer_tokens or run.sampling.max_tokens
        [node] = run.sample(source, temperature=0.0, max_tokens=most)
        return await node

    def _open(self, thought: Candidate) -> str:
        """The text of the thoughts without the mark of their end."""
        return thought.text.removesuffix(self.thinking_end) if self.thinking_end else thought.text


def changed(candidate: Candidate, text: str) -> Candidate:
    """A candidate whose text was edited: a new starting point, not a draw."""
    return Candidate(
        problem=candidate.problem,
        text=text,
        key="",
        messages=candidate.messages,
        completion_tokens=candidate.completion_tokens,
    )
