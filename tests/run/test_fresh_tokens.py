"""Fresh tokens: what a prefix cache that forgets nothing computes for one run alone."""

from __future__ import annotations

import asyncio
from random import Random
from typing import Any

import pytest

from tts.answers import TASKS
from tts.backends.scripted import ScriptedGenerator, ScriptedScorer
from tts.budget import PriceTable
from tts.ledger import MemoryJournal
from tts.strategies import BeamSearch, BestOfN, MajorityVote, SequentialRevision
from tts.values import Budget, Candidate, Message, Model
from tts.verifiers import Judge, ProcessReward

PRICES = PriceTable.load(None)


class Cache:
    """Counts the words that are not in it, word by word from the beginning of a text."""

    def __init__(self) -> None:
        self.known: set[tuple[str, ...]] = set()

    def computed(self, words: list[str]) -> int:
        beginnings = {tuple(words[: end + 1]) for end in range(len(words))}
        fresh = len(beginnings - self.known)
        self.known |= beginnings
        return fresh


class Watched(ScriptedGenerator):
    """A policy behind a prefix cache."""

    def __init__(self, script: Any, **how: Any) -> None:
        super().__init__(script, **how)
        self.cache, self.computed = Cache(), 0

    async def generate(self, request: Any, meter: Any, listener: Any = None) -> Any:
        reply = await super().generate(request, meter, listener)
        said = {"assistant": "<assistant> "}
        turns = [said.get(turn.role, "") + turn.content for turn in request.messages]
        prompt = [*" ".join(turns).split(), "<assistant>", *request.prefix.split()]
        self.computed += self.cache.computed(prompt)
        for drawn in filter(None, reply.completions):
            self.computed += drawn.completion_tokens
            self.cache.computed([*prompt, *drawn.text.split()])
        return reply


class WatchedScorer(ScriptedScorer):
    """A reward model behind a prefix cache."""

    def __init__(self, rule: Any) -> None:
        super().__init__(rule)
        self.cache, self.computed = Cache(), 0

    async def score_steps(self, request: Any, meter: Any) -> Any:
        question = " ".join(turn.content for turn in request.messages).split()
        steps = [word for step in request.steps for word in (*step.split(), "<mark>")]
        self.computed += self.cache.computed([*question, *steps])
        return await super().score_steps(request, meter)


def say(_: Any, prefix: str, index: int) -> str:
    """Two steps and an answer; every draw begins with a word of its own."""
    depth = sum(bool(step.strip()) for step in prefix.split("\n\n"))
    steps = [f"{index} at {turn}" for turn in range(depth, 2)]
    return "\n\n".join([*steps, f"{index} so \\boxed{{{40 + index % 3}}}"])


def graded(_: Any, steps: Any, place: int) -> float:
    return Random("".join(steps[: place + 1])).random()


@pytest.mark.parametrize("strategy", [BestOfN(n=16), MajorityVote(n=7), BeamSearch(n=8)])
def test_they_are_what_a_prefix_cache_computes(solved: Any, strategy: Any) -> None:
    policy, scorer = Watched(say), WatchedScorer(graded)
    verifier = ProcessReward(scorer, render=TASKS["arithmetic"].render)
    result = solved(strategy, policy, verifier=verifier)
    assert result.usage.fresh_tokens == policy.computed + scorer.computed
    assert result.usage.fresh_tokens < result.usage.tokens
    cached = result.usage.cached_prompt_tokens
    assert result.usage.fresh_tokens == result.usage.tokens - cached


def test_a_judge_computes_what_its_questions_have_in_common_once(solved: Any) -> None:
    judging = Watched(lambda *_: "Score: 7")
    result = solved(BestOfN(n=5), Watched(say), verifier=Judge.pointwise(judging))
    judged = result.spend["judge"]
    assert judged.calls == 5 and judged.fresh_tokens < judged.tokens
    assert abs(judged.fresh_tokens - judging.computed) < 5, "but for the assistant's mark"


def test_a_conversation_that_goes_on_pays_for_what_was_added(solved: Any) -> None:
    policy = Watched(lambda _, __, index: f"{index} so \\boxed{{{index}}}")
    result = solved(SequentialRevision(chains=2, length=3), policy)
    assert abs(result.usage.fresh_tokens - policy.computed) < 10, "but for the assistant's marks"
    assert result.usage.fresh_tokens < result.usage.tokens * 2 // 3


def test_models_share_nothing_with_one_another(solved: Any) -> None:
    async def both(problem: Any, run: Any) -> None:
        await run.all([*run.sample(problem), *run.sample(problem, model="other")])

    other = Watched(say, model=Model(name="other", parameters=0))
    result = solved(both, Watched(say), models={"other": other})
    assert result.usage.fresh_tokens == result.usage.tokens


def test_an_edited_text_pays_for_what_was_put_into_it(solved: Any) -> None:
    async def edit(problem: Any, run: Any) -> None:
        [draft] = run.sample(problem)
        drawn = await draft
        edited = Candidate(
            problem=problem,
            text=f"{drawn.text} wait a moment",
            key="",
            completion_tokens=drawn.completion_tokens,
        )
        await run.all(run.sample(edited, n=3))

    policy = Watched(lambda _, prefix, index: "one \\boxed{1}" if prefix else "two words")
    result = solved(edit, policy)
    assert result.usage.fresh_tokens == policy.computed


def test_a_cap_on_them_holds_and_uses_what_is_shared(solved: Any) -> None:
    policy = Watched(say)
    free = solved(MajorityVote(n=20), policy).usage
    budget = Budget(fresh_tokens=free.fresh_tokens)
    capped = solved(MajorityVote(n=20), Watched(say), budget=budget)
    assert budget.allows(capped.usage)
    assert capped.usage.tokens > capped.usage.fresh_tokens > 0.8 * free.fresh_tokens


def test_a_cap_holds_where_every_prompt_is_another(solved: Any) -> None:
    async def ask(problem: Any, run: Any) -> None:
        long = "word " * 20
        asked = [(Message("user", f"{place} {long}"),) for place in range(40)]
        await run.all([run.sample(turns)[0] for turns in asked])

    budget = Budget(fresh_tokens=400)
    result = solved(ask, Watched(say), budget=budget)
    assert result.stopped_by == "budget" and budget.allows(result.usage)
    assert result.usage.fresh_tokens > 200


async def pause(seconds: float) -> None:
    await asyncio.sleep(seconds)


def lived_twice(lab: Any, solved: Any, strategy: Any) -> Any:
    """A run whose draws take a second each, and that its replay counts alike."""
    book = MemoryJournal(job="lab")
    live = solved(strategy, lab.Slow(Watched(say), fixed=1.0), journal=book)
    replayed = solved(strategy, lab.Slow(Watched(say), fixed=1.0), journal=lab.again(book))
    assert (replayed.usage, replayed.spend["sample"].calls > 0) == (live.usage, True)
    return live


def test_a_draw_that_is_dropped_on_its_way_pays_for_no_prompt(lab: Any, solved: Any) -> None:
    async def change(problem: Any, run: Any) -> None:
        [first] = run.sample(problem)
        await run.call(pause, 0.5)
        run.drop([first])
        [second] = run.sample(problem, temperature=0.0)
        await second

    usage = lived_twice(lab, solved, change).usage
    words = Watched(say).count_prompt(TASKS["arithmetic"].render(lab.problem), "")
    assert usage.prompt_tokens == 2 * words
    assert usage.fresh_tokens == words + usage.completion_tokens


def test_a_child_that_is_dropped_takes_no_prompt_from_its_parent(lab: Any, solved: Any) -> None:
    async def child(problem: Any, *, run: Any) -> None:
        [first] = run.sample(problem)
        await first
        await run.call(pause, 9.0)

    async def change(problem: Any, run: Any) -> None:
        dropped = run.spawn(child, problem)
        await run.call(pause, 3.0)
        run.drop([dropped])
        [own] = run.sample(problem)
        await own

    usage = lived_twice(lab, solved, change).usage
    assert usage.calls == 2 and usage.cached_prompt_tokens == 0


def test_dollars_with_reuse_count_what_is_shared_at_the_cached_rate(solved: Any) -> None:
    model = Model(name="gpt-4o-mini", parameters=None)
    price = PRICES.price_of("gpt-4o-mini")
    usage = solved(MajorityVote(n=10), Watched(say, model=model)).usage
    assert price is not None and price.cached is not None
    spared = usage.cached_prompt_tokens * (price.prompt - price.cached) // 1_000_000
    assert abs(usage.nanodollars - usage.fresh_nanodollars - spared) <= 10


def test_flops_with_reuse_are_those_of_the_fresh_tokens(solved: Any) -> None:
    sized = Model(name="sized", parameters=1000)
    usage = solved(MajorityVote(n=10), Watched(say, model=sized)).usage
    assert usage.flops == 2000 * usage.tokens and usage.fresh_flops == 2000 * usage.fresh_tokens
