"""Fresh tokens of graphs of every verb at random: no timing, cache or kill changes them."""

from __future__ import annotations

from contextlib import suppress
from random import Random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tts.answers import TASKS
from tts.errors import LedgerError
from tts.ledger import MemoryJournal
from tts.protocols import IntentRow, UseRow
from tts.strategies import BestOfN
from tts.values import Budget, Candidate, Message


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
    lab: Any, solved: Any, shape: int, paces: Any, limit: int, callbacks: bool
) -> None:
    strategy = grown(shape, calm=True, shares=(None, 0.2))
    first, second = (
        solved(strategy, paced(lab, shape, pace, callbacks=calls), limit=width)
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
    lab: Any, solved: Any, shape: int, paces: Any, tokens: int, limit: int
) -> None:
    strategy, budget = grown(shape, calm=True), Budget(fresh_tokens=tokens)
    first, second = (
        solved(strategy, paced(lab, shape, pace), budget=budget, limit=width)
        for pace, width in zip(paces, (512, limit), strict=True)
    )
    assert budget.allows(first.usage)
    assert seen(first) == seen(second)


@settings(max_examples=150)
@given(shape=SEEDS, paces=st.tuples(SEEDS, SEEDS), budget=BUDGETS)
def test_a_cap_holds_and_a_replay_counts_the_same(
    lab: Any, solved: Any, shape: int, paces: Any, budget: Any
) -> None:
    strategy, book = grown(shape, calm=False), MemoryJournal(job="lab")
    live = solved(strategy, paced(lab, shape, paces[0]), budget=budget, journal=book)
    assert live.usage.fresh_tokens is not None
    assert budget is None or budget.allows(live.usage)
    again = lab.again(book)
    replayed = solved(strategy, paced(lab, shape, paces[1]), budget=budget, journal=again)
    assert (replayed.stopped_by, replayed.usage) == (live.stopped_by, live.usage)
    assert len(lab.rows(again, IntentRow)) == len(lab.rows(book, IntentRow))


@settings(max_examples=100)
@given(shape=SEEDS, paces=st.tuples(SEEDS, SEEDS), life=st.integers(1, 80))
def test_a_killed_run_that_goes_on_counts_the_same(
    lab: Any, solved: Any, shape: int, paces: Any, life: int
) -> None:
    strategy, policy = grown(shape, calm=True), paced(lab, shape, paces[0])
    whole = solved(strategy, policy)
    book = lab.MortalJournal(job="lab", life=life)
    with suppress(LedgerError):
        solved(strategy, policy, journal=book)
    resumed = solved(strategy, paced(lab, shape, paces[1]), journal=lab.again(book))
    assert seen(resumed) == seen(whole)


@settings(max_examples=50)
@given(shape=SEEDS, pace=SEEDS)
def test_what_another_run_has_drawn_changes_nothing(
    lab: Any, solved: Any, shape: int, pace: int
) -> None:
    strategy, policy, book = (
        grown(shape, calm=True),
        paced(lab, shape, pace),
        MemoryJournal(job="lab"),
    )
    alone = solved(strategy, policy)
    solved(BestOfN(n=4), policy, journal=book)
    after = solved(strategy, policy, journal=book)
    assert seen(after) == seen(alone)


@settings(max_examples=50)
@given(shape=SEEDS, pace=SEEDS)
def test_the_uses_of_a_run_add_up_to_it(lab: Any, solved: Any, shape: int, pace: int) -> None:
    book = MemoryJournal(job="lab")
    result = solved(grown(shape, calm=True), paced(lab, shape, pace), journal=book)
    uses = [row.attributed for row in book.rows if isinstance(row, UseRow)]
    assert sum((one.fresh_tokens or 0) for one in uses) == result.usage.fresh_tokens
