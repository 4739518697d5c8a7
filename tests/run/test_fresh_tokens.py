"""Fresh tokens: what a prefix cache that forgets nothing computes for one run alone."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import replace
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tts.answers import TASKS
from tts.backends.scripted import ScriptedGenerator, ScriptedScorer
from tts.budget import PriceTable
from tts.engine import Job
from tts.errors import LedgerError
from tts.ledger import MemoryJournal, MemoryLeases
from tts.protocols import IntentRow, UseRow
from tts.strategies import BeamSearch, BestOfN, MajorityVote, SequentialRevision
from tts.values import Budget, Candidate, Message, Model, Sampling
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


def solved(
    lab: Any,
    strategy: Any,
    policy: Any = None,
    *,
    verifier: Any = None,
    models: Any = None,
    budget: Budget | None = None,
    journal: Any = None,
    name: str = "told",
    **how: Any,
) -> Any:
    """One strategy, or function, on the problem, in simulated time."""
    session = lab.session(policy or Watched(say), sampling=Sampling(max_tokens=24), **how)
    session = replace(session, generators={**session.generators, **(models or {})})
    session = replace(session, verifier=verifier or session.verifier)
    book = journal if journal is not None else MemoryJournal(job="lab")
    told = strategy if hasattr(strategy, "solve") else lab.Told(strategy, finish=closed, name=name)

    async def job() -> Any:
        await book.load(lab.problem.id)
        async with Job(session, name="lab", journal=book, leases=MemoryLeases()) as work:
            return await work.solve(lab.problem, told, budget)

    return lab.run(job())


async def closed(problem: Any, run: Any) -> None:
    """Nothing is drawn at the end."""


@pytest.mark.parametrize("strategy", [BestOfN(n=16), MajorityVote(n=7), BeamSearch(n=8)])
def test_they_are_what_a_prefix_cache_computes(lab: Any, strategy: Any) -> None:
    policy, scorer = Watched(say), WatchedScorer(graded)
    verifier = ProcessReward(scorer, render=TASKS["arithmetic"].render)
    result = solved(lab, strategy, policy, verifier=verifier)
    assert result.usage.fresh_tokens == policy.computed + scorer.computed
    assert result.usage.fresh_tokens < result.usage.tokens
    cached = result.usage.cached_prompt_tokens
    assert result.usage.fresh_tokens == result.usage.tokens - cached


def test_a_judge_computes_what_its_questions_have_in_common_once(lab: Any) -> None:
    judging = Watched(lambda *_: "Score: 7")
    result = solved(lab, BestOfN(n=5), verifier=Judge.pointwise(judging))
    judged = result.spend["judge"]
    assert judged.calls == 5 and judged.fresh_tokens < judged.tokens
    assert abs(judged.fresh_tokens - judging.computed) < 5, "but for the assistant's mark"


def test_a_conversation_that_goes_on_pays_for_what_was_added(lab: Any) -> None:
    policy = Watched(lambda _, __, index: f"{index} so \\boxed{{{index}}}")
    result = solved(lab, SequentialRevision(chains=2, length=3), policy)
    assert abs(result.usage.fresh_tokens - policy.computed) < 10, "but for the assistant's marks"
    assert result.usage.fresh_tokens < result.usage.tokens * 2 // 3


def test_models_share_nothing_with_one_another(lab: Any) -> None:
    async def both(problem: Any, run: Any) -> None:
        await run.all([*run.sample(problem), *run.sample(problem, model="other")])

    other = Watched(say, model=Model(name="other", parameters=0))
    result = solved(lab, both, models={"other": other})
    assert result.usage.fresh_tokens == result.usage.tokens


def test_an_edited_text_pays_for_what_was_put_into_it(lab: Any) -> None:
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
    result = solved(lab, edit, policy)
    assert result.usage.fresh_tokens == policy.computed


def test_a_cap_on_them_holds_and_uses_what_is_shared(lab: Any) -> None:
    policy = Watched(say)
    free = solved(lab, MajorityVote(n=20), policy).usage
    budget = Budget(fresh_tokens=free.fresh_tokens)
    capped = solved(lab, MajorityVote(n=20), budget=budget)
    assert budget.allows(capped.usage)
    assert capped.usage.tokens > capped.usage.fresh_tokens > 0.8 * free.fresh_tokens


def test_a_cap_holds_where_every_prompt_is_another(lab: Any) -> None:
    async def ask(problem: Any, run: Any) -> None:
        long = "word " * 20
        asked = [(Message("user", f"{place} {long}"),) for place in range(40)]
        await run.all([run.sample(turns)[0] for turns in asked])

    budget = Budget(fresh_tokens=400)
    result = solved(lab, ask, budget=budget)
    assert result.stopped_by == "budget" and budget.allows(result.usage)
    assert result.usage.fresh_tokens > 200


async def pause(seconds: float) -> None:
    await asyncio.sleep(seconds)


def lived_twice(lab: Any, strategy: Any) -> Any:
    """A run whose draws take a second each, and that its replay counts alike."""
    book = MemoryJournal(job="lab")
    live = solved(lab, strategy, lab.Slow(Watched(say), fixed=1.0), journal=book)
    replayed = solved(lab, strategy, lab.Slow(Watched(say), fixed=1.0), journal=lab.again(book))
    assert (replayed.usage, replayed.spend["sample"].calls > 0) == (live.usage, True)
    return live


def test_a_draw_that_is_dropped_on_its_way_pays_for_no_prompt(lab: Any) -> None:
    async def change(problem: Any, run: Any) -> None:
        [first] = run.sample(problem)
        await run.call(pause, 0.5)
        run.drop([first])
        [second] = run.sample(problem, temperature=0.0)
        await second

    usage = lived_twice(lab, change).usage
    words = Watched(say).count_prompt(TASKS["arithmetic"].render(lab.problem), "")
    assert usage.prompt_tokens == 2 * words
    assert usage.fresh_tokens == words + usage.completion_tokens


def test_a_child_that_is_dropped_takes_no_prompt_from_its_parent(lab: Any) -> None:
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

    usage = lived_twice(lab, change).usage
    assert usage.calls == 2 and usage.cached_prompt_tokens == 0


def test_dollars_with_reuse_count_what_is_shared_at_the_cached_rate(lab: Any) -> None:
    model = Model(name="gpt-4o-mini", parameters=None)
    price = PRICES.price_of("gpt-4o-mini")
    usage = solved(lab, MajorityVote(n=10), Watched(say, model=model)).usage
    assert price is not None and price.cached is not None
    spared = usage.cached_prompt_tokens * (price.prompt - price.cached) // 1_000_000
    assert abs(usage.nanodollars - usage.fresh_nanodollars - spared) <= 10


def test_flops_with_reuse_are_those_of_the_fresh_tokens(lab: Any) -> None:
    sized = Model(name="sized", parameters=1000)
    usage = solved(lab, MajorityVote(n=10), Watched(say, model=sized)).usage
    assert usage.flops == 2000 * usage.tokens and usage.fresh_flops == 2000 * usage.fresh_tokens


# At random


def few(shape: int) -> Any:
    """Draws of which many are equal, long and short, final and not."""

    def line(messages: Any, prefix: str, index: int) -> str:
        dice = Random(f"{shape}{len(messages)}{len(prefix.split())}{index % 3}")
        words = "so " * dice.randrange(1, 6)
        return f"{words}\\boxed{{4}}" if dice.random() < 0.5 else f"{words}\n\n{words}"

    return line


VERBS = ["draw", "draw", "go on", "score", "say", "child", "first", "drop"]


def grown(shape: int, *, calm: bool, shares: tuple[float | None, ...] = (0.2,)) -> Any:
    """A strategy of draws, continuations, verdicts, conversations and children; calm: no races.

    A child without a share spends from its parent's account, which a refusal then makes a race.
    """

    async def grow(run: Any, dice: Random, depth: int) -> None:
        nodes: list[Any] = []
        drawn: list[Any] = []
        for _ in range(5 if depth else 12):
            verb = dice.choice(VERBS)
            if verb == "draw" or not drawn or (calm and verb in ("first", "drop")):
                drawn += run.sample(run.problem, n=dice.randint(1, 3), until="step")
            elif verb == "go on":
                drawn += run.sample(dice.choice(drawn), n=dice.randint(1, 2), until="step")
            elif verb == "score":
                nodes.append(run.score(dice.choice(drawn)))
            elif verb == "say":
                turns = run.call(conversation, dice.choice(drawn), dice.randrange(2))
                nodes += run.sample(turns, n=dice.randint(1, 2))
            elif verb == "child" and depth < 2:
                seed, share = dice.random(), dice.choice(shares)
                nodes.append(run.spawn(child, seed, depth + 1, share=share))
            elif verb == "first":
                nodes.append(run.first(dice.sample(drawn, min(2, len(drawn)))))
            elif verb == "drop":
                run.drop([drawn.pop(dice.randrange(len(drawn)))])
        await run.all([*drawn, *nodes])

    async def child(seed: float, depth: int, *, run: Any) -> None:
        await grow(run, Random(f"{shape}{seed}"), depth)

    async def solve(problem: Any, run: Any) -> Any:
        await grow(run, Random(shape), 0)

    return solve


def conversation(draft: Candidate, tone: int) -> tuple[Message, ...]:
    asked = (*TASKS["arithmetic"].render(draft.problem), Message("assistant", draft.text))
    return (*asked, Message("user", f"Are you {'quite ' * tone}sure?"))


def seen(result: Any) -> Any:
    return result.stopped_by, result.usage, result.spend, result.error


SEEDS = st.integers(0, 10**6)
BUDGETS = st.none() | st.builds(
    Budget, fresh_tokens=st.integers(112, 400), tokens=st.none() | st.integers(112, 600)
)


def paced(lab: Any, shape: int, pace: int, *, callbacks: bool = False) -> Any:
    slow = lab.Slow(lab.words(few(shape)), shuffle=pace)
    return lab.Callbacks(slow) if callbacks else slow


@settings(max_examples=150)
@given(
    shape=SEEDS,
    paces=st.tuples(SEEDS, SEEDS),
    limit=st.sampled_from([1, 3, 512]),
    callbacks=st.booleans(),
)
def test_they_do_not_depend_on_what_ends_first(
    lab: Any, shape: int, paces: Any, limit: int, callbacks: bool
) -> None:
    strategy = grown(shape, calm=True, shares=(None, 0.2))
    first, second = (
        solved(lab, strategy, paced(lab, shape, pace, callbacks=calls), limit=width)
        for pace, calls, width in zip(paces, (False, callbacks), (512, limit), strict=True)
    )
    assert seen(first) == seen(second)


@settings(max_examples=150)
@given(
    shape=SEEDS,
    paces=st.tuples(SEEDS, SEEDS),
    tokens=st.integers(112, 300),
    limit=st.sampled_from([1, 3, 512]),
)
def test_what_a_cap_refuses_does_not_depend_on_what_ends_first(
    lab: Any, shape: int, paces: Any, tokens: int, limit: int
) -> None:
    strategy, budget = grown(shape, calm=True), Budget(fresh_tokens=tokens)
    first, second = (
        solved(lab, strategy, paced(lab, shape, pace), budget=budget, limit=width)
        for pace, width in zip(paces, (512, limit), strict=True)
    )
    assert budget.allows(first.usage)
    assert seen(first) == seen(second)


@settings(max_examples=150)
@given(shape=SEEDS, paces=st.tuples(SEEDS, SEEDS), budget=BUDGETS)
def test_a_cap_holds_and_a_replay_counts_the_same(
    lab: Any, shape: int, paces: Any, budget: Any
) -> None:
    strategy, book = grown(shape, calm=False), MemoryJournal(job="lab")
    live = solved(lab, strategy, paced(lab, shape, paces[0]), budget=budget, journal=book)
    assert live.usage.fresh_tokens is not None
    assert budget is None or budget.allows(live.usage)
    again = lab.again(book)
    replayed = solved(lab, strategy, paced(lab, shape, paces[1]), budget=budget, journal=again)
    assert (replayed.stopped_by, replayed.usage) == (live.stopped_by, live.usage)
    assert len(lab.rows(again, IntentRow)) == len(lab.rows(book, IntentRow))


@settings(max_examples=100)
@given(shape=SEEDS, paces=st.tuples(SEEDS, SEEDS), life=st.integers(1, 80))
def test_a_killed_run_that_goes_on_counts_the_same(
    lab: Any, shape: int, paces: Any, life: int
) -> None:
    strategy, policy = grown(shape, calm=True), paced(lab, shape, paces[0])
    whole = solved(lab, strategy, policy)
    book = lab.MortalJournal(job="lab", life=life)
    with suppress(LedgerError):
        solved(lab, strategy, policy, journal=book)
    resumed = solved(lab, strategy, paced(lab, shape, paces[1]), journal=lab.again(book))
    assert seen(resumed) == seen(whole)


@settings(max_examples=50)
@given(shape=SEEDS, pace=SEEDS)
def test_what_another_run_has_drawn_changes_nothing(lab: Any, shape: int, pace: int) -> None:
    strategy, policy, book = (
        grown(shape, calm=True),
        paced(lab, shape, pace),
        MemoryJournal(job="lab"),
    )
    alone = solved(lab, strategy, policy)
    solved(lab, BestOfN(n=4), policy, journal=book)
    after = solved(lab, strategy, policy, journal=book)
    assert seen(after) == seen(alone)


@settings(max_examples=50)
@given(shape=SEEDS, pace=SEEDS)
def test_the_uses_of_a_run_add_up_to_it(lab: Any, shape: int, pace: int) -> None:
    book = MemoryJournal(job="lab")
    result = solved(lab, grown(shape, calm=True), paced(lab, shape, pace), journal=book)
    uses = [row.attributed for row in book.rows if isinstance(row, UseRow)]
    assert sum((one.fresh_tokens or 0) for one in uses) == result.usage.fresh_tokens
