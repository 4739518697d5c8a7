"""What a search is charged for, and that problems under way together share nothing."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from msgspec.structs import replace

from tts.backends.simulated import SimulatedScorer, SimulatedSteps
from tts.engine import Job, parse_strategy
from tts.ledger import MemoryJournal, MemoryLeases
from tts.values import NOTHING, Budget, Problem, Result

STEPWISE = (
    "beam_search(n=6, branching=2, rounds=6)",
    "lookahead_search(n=4, branching=2, rounds=6)",
    "dvts(n=6, branching=2, rounds=6)",
    "rebase(n=6, rounds=6)",
    "dora(n=6, rounds=6)",
    "particle_filtering(n=6, rounds=6)",
    "mcts(n=6, branching=2, rounds=6, parallel=3)",
)


class Told:
    """A model that counts what it is sent and what it says."""

    def __init__(self, inner: Any) -> None:
        self.inner = inner
        self.prompts = self.drawn = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    async def generate(self, request: Any, meter: Any, listener: Any = None) -> Any:
        reply = await self.inner.generate(request, meter, listener)
        self.prompts += self.inner.count_prompt(request.messages, request.prefix)
        self.drawn += sum(one.completion_tokens for one in reply.completions)
        return reply

    async def score_steps(self, request: Any, meter: Any) -> Any:
        self.prompts += self.inner.count(request.messages, request.steps)
        return await self.inner.score_steps(request, meter)


def solve_together(forest: Any, lab: Any, strategy: Any, problems: list[Problem]) -> list[Result]:
    """All problems in one job, by one strategy object, at the same time."""

    async def solving() -> list[Result]:
        session = forest.session(SimulatedSteps(0.7, least=2, most=5, variety=3))
        book = MemoryJournal(job="lab")
        async with Job(session, name="lab", journal=book, leases=MemoryLeases()) as job:
            return await asyncio.gather(*(job.solve(one, strategy) for one in problems))

    found: list[Result] = lab.run(solving())
    return found


@pytest.mark.parametrize("spelt", STEPWISE)
def test_problems_under_way_together_do_not_share_a_pool_of_beams(
    forest: Any, lab: Any, spelt: str
) -> None:
    strategy = parse_strategy(spelt)
    problems = [Problem(id=str(i), prompt=f"Question {i}?", task="arithmetic") for i in range(5)]
    together = solve_together(forest, lab, strategy, problems)
    alone = [solve_together(forest, lab, strategy, [one])[0] for one in problems]
    assert [forest.tree(one) for one in together] == [forest.tree(one) for one in alone]
    assert [(one.answer, one.usage) for one in together] == [
        (one.answer, one.usage) for one in alone
    ]


@pytest.mark.parametrize("spelt", STEPWISE)
def test_a_prompt_that_is_sent_again_with_every_step_is_charged_every_time(
    forest: Any, spelt: str
) -> None:
    policy = Told(SimulatedSteps(0.7, least=4, most=5, variety=4))
    scorer = Told(SimulatedScorer())
    found = forest.grow(parse_strategy(spelt), policy=policy, scorer=scorer)
    assert found.usage.prompt_tokens >= policy.prompts + scorer.prompts  # reused calls cost, too
    assert found.usage.completion_tokens >= policy.drawn


@pytest.mark.parametrize("spelt", [*STEPWISE, "tree_of_thoughts(n=4, branching=2, rounds=5)"])
def test_what_verifiers_and_judges_read_and_write_is_part_of_the_sum(
    forest: Any, spelt: str
) -> None:
    found = forest.grow(parse_strategy(spelt))
    assert sum(found.spend.values(), NOTHING).tokens == found.usage.tokens
    judging = "judge" if spelt.startswith("tree") else "verify"
    assert found.spend[judging].tokens > 0


@pytest.mark.parametrize("spelt", STEPWISE)
def test_a_budget_counts_tokens_and_not_draws(forest: Any, spelt: str) -> None:
    strategy, budget = parse_strategy(spelt), Budget(tokens=1500)
    terse, wordy = (
        forest.grow(strategy, policy=policy, budget=budget, max_tokens=60)
        for policy in (SimulatedSteps(0.7, least=5, most=5), Wordy(0.7, least=5, most=5))
    )
    assert terse.usage.tokens <= 1500 and wordy.usage.tokens <= 1500
    assert forest.sampled(wordy) < forest.sampled(terse)


class Wordy(SimulatedSteps):
    """Says the same in many more words."""

    def _draw(self, request: Any, rng: Any) -> Any:
        drawn = super()._draw(request, rng)
        padding = "well " * 20
        return replace(
            drawn, text=padding + drawn.text, completion_tokens=drawn.completion_tokens + 20
        )
