"""Self-consistency: the answer that most draws agree on."""

from __future__ import annotations

from typing import Any

from tts.run import Run
from tts.strategies.at_least import at_least
from tts.strategies.parts.finish import finish
from tts.strategies.parts.select import most_voted
from tts.strategies.parts.stopping import StopName, in_batches, stop_rule
from tts.values import Candidate, Problem


class MajorityVote:
    """Draw `n` solutions and take the most frequent answer (Wang et al. 2022)."""

    name = "majority_vote"
    bounded = True

    def __init__(self, *, n: int = 16, stop: StopName = "never", batch: int = 4) -> None:
        """`stop`: the rule that may end drawing early, asked every `batch` draws."""
        at_least(1, n=n, batch=batch)
        if stop == "gain":
            raise ValueError("stop=gain looks at scores, and a majority vote has none.")
        self.n, self.batch = n, batch
        self.stop: StopName = stop
        self.rule = stop_rule(stop)

    @property
    def parameters(self) -> dict[str, Any]:
        return {"n": self.n, "stop": self.stop, "batch": self.batch}

    async def solve(self, problem: Problem, run: Run) -> Candidate | None:
        size = self.n if self.stop == "never" else self.batch
        drawn = await in_batches(problem, run, rule=self.rule, n=self.n, batch=size)
        answer: Candidate | None = await run.call(most_voted, drawn.kept, run)
        return answer

    async def finish(self, problem: Problem, run: Run) -> Candidate | None:
        return await finish(problem, run, most_voted)
