"""Graphs of every verb at random: nothing hangs, no ceiling is passed, a replay is the same run."""

from __future__ import annotations

from contextlib import suppress
from random import Random
from typing import Any, Literal

from hypothesis import example, given, settings
from hypothesis import strategies as st

from tts.errors import BadReply, CallFailed, LedgerError, RateLimited, Unavailable
from tts.executor.limits import RetryPolicy
from tts.ledger import MemoryJournal
from tts.protocols import CallRow, IntentRow, OutcomeRow
from tts.values import Budget, Sampling

Road = Literal["tasks", "callbacks"]
"""How calls travel: each by a coroutine, or by callbacks where nothing has to be waited for."""


def tool(
    lab: Any, shape: int, pace: int, name: str, road: Road, *, writes: bool, fails: bool = True
) -> Any:
    """Worst, cost and failure depend on the shape, time on the pace."""
    dice, clock = Random(f"{shape}{name}"), Random(f"{pace}{name}")
    how = {
        "most": dice.randint(10, 20),
        "cost": dice.randint(0, 10),
        "seconds": lambda *_: clock.random(),
        "errors": [BadReply("broken")] if dice.random() < 0.1 and fails else [],
        "random": dice.random() < 0.5,
        "effect": dice.choice(["pure", "read", "write"] if writes else ["pure", "read"]),
    }
    return lab.Tool(name, prompt=road == "callbacks" and how["effect"] != "write", **how)


class Flaky:
    """A model some of whose draws fail at their first attempt."""

    def __init__(self, inner: Any, *, shape: int) -> None:
        self.inner, self.shape = inner, shape
        self.failed: set[Any] = set()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    async def generate(self, request: Any, *args: Any) -> Any:
        reply, dice = (
            await self.inner.generate(request, *args),
            Random(f"{self.shape}{request.seeds}"),
        )
        if dice.random() < 0.2 and request.seeds not in self.failed:
            self.failed.add(request.seeds)
            raise dice.choice([Unavailable("down"), RateLimited("slow", retry_after=2.0)])
        return reply


def model(lab: Any, shape: int, pace: int, road: Road, *, tail: int = 0) -> Any:
    """Draws of various lengths, some of them failing for good and some for a while.

    `tail`: none fails for good, most are short, and a few nearly as long as this.
    """

    def say(_: Any, __: str, index: int) -> Any:
        dice = Random(f"{shape}{index}")
        length = int(tail * dice.random() ** 4) if tail else dice.randrange(9)
        words = f"{'so ' * length}\\boxed{{{dice.randrange(9)}}}"
        return BadReply("broken") if dice.random() < 0.1 and not tail else words

    drawn = Flaky(lab.Slow(lab.words(say), shuffle=pace), shape=shape)
    return drawn if road == "tasks" else lab.Callbacks(drawn)


def length(*values: Any) -> int:
    return len(str(values))


def grown(
    lab: Any,
    shape: int,
    pace: int,
    *,
    calm: bool,
    road: Road = "tasks",
    draws: bool = False,
    fails: bool = True,
) -> Any:
    """A strategy of random shape out of calls, joins, drops and children; calm: no races."""

    async def grow(run: Any, dice: Random, name: str, depth: int) -> Any:
        nodes: list[Any] = []
        for ordinal in range(8 if depth else 14):
            label, inputs = (
                f"{name}.{ordinal}",
                dice.sample(nodes, min(len(nodes), dice.randrange(3))),
            )
            verb = dice.choice(["call", "call", "call", "local", "child", "first", "await", "drop"])
            if verb == "call" or (calm and verb in ("first", "drop")):
                if draws and Random(f"{shape}{label}").random() < 0.5:
                    nodes += run.sample(run.problem, n=1 + len(inputs))
                else:
                    nodes.append(
                        run.call(
                            tool(lab, shape, pace, label, road, writes=not draws, fails=fails),
                            label,
                            *inputs,
                        )
                    )
            elif verb == "local":
                nodes.append(run.call(length, *inputs))
            elif verb == "child" and depth < 2:
                share = dice.choice([0.2, 0.4])
                nodes.append(run.spawn(child, label, depth + 1, share=share))
            elif verb == "first" and inputs:
                nodes.append(run.first(inputs, k=1))
            elif verb == "drop" and inputs and inputs[0].operation is not None:
                run.drop(inputs[:1])
                nodes.remove(inputs[0])
            elif verb == "await" and inputs:
                with suppress(CallFailed):
                    await inputs[0]
        await run.all(nodes)
        return lab.answer

    async def child(label: str, depth: int, *, run: Any) -> Any:
        return await grow(run, Random(f"{shape}{label}"), label, depth)

    async def solve(problem: Any, run: Any) -> Any:
        return await grow(run, Random(shape), "", 0)

    return solve


def seen(result: Any) -> Any:
    return result.answer, result.stopped_by, result.usage, result.error


def lived(lab: Any, shape: int, pace: int, road: Road, *, tail: int = 0, **how: Any) -> Any:
    """A calm run with draws, and without what must not be done twice."""
    strategy = grown(lab, shape, pace, calm=True, road=road, draws=True, fails=not tail)
    drawn, steady = model(lab, shape, pace, road, tail=tail), RetryPolicy(jitter=0.0)
    return lab.run(lab.solve(strategy, drawn, retry=steady, **how))


ROADS: tuple[Road, Road] = ("tasks", "callbacks")
SEEDS = st.integers(0, 10**6)
LIVES = st.integers(1, 120)
BUDGETS = st.none() | st.builds(Budget, tokens=st.integers(90, 500), calls=st.just(40))


@settings(max_examples=300)
@given(shape=SEEDS, paces=st.tuples(SEEDS, SEEDS), budget=BUDGETS, calm=st.booleans())
@example(shape=133, paces=(0, 0), budget=Budget(tokens=90, calls=40), calm=False)
@example(shape=597, paces=(597, 0), budget=None, calm=False)
@example(shape=258, paces=(1, 2), budget=Budget(tokens=258, calls=40), calm=True)
@example(shape=1441, paces=(39241, 396329), budget=Budget(tokens=489, calls=40), calm=True)
@example(shape=755441, paces=(200757, 620234), budget=Budget(tokens=94, calls=40), calm=False)
def test_no_ceiling_is_passed_nothing_hangs_and_a_replay_is_the_same_run(
    lab: Any, shape: int, paces: tuple[int, int], budget: Budget | None, calm: bool
) -> None:
    book = MemoryJournal(job="lab")
    first, second = (grown(lab, shape, pace, calm=calm) for pace in paces)
    live = lab.run(lab.solve(first, journal=book, budget=budget))
    assert budget is None or budget.allows(live.usage)
    again = lab.again(book)
    before = len(lab.rows(again, IntentRow))
    replayed = lab.run(lab.solve(second, journal=again, budget=budget))
    assert seen(replayed) == seen(live)
    assert len(lab.rows(again, IntentRow)) == before
    assert replayed.billed.calls == 0


@settings(max_examples=100)
@given(shape=SEEDS, pace=SEEDS, budget=BUDGETS, limit=st.sampled_from([1, 3, 512]))
def test_a_run_is_the_same_by_either_road(
    lab: Any, shape: int, pace: int, budget: Budget | None, limit: int
) -> None:
    found = []
    for road in ROADS:
        book = MemoryJournal(job="lab")
        result = lived(lab, shape, pace, road, journal=book, budget=budget, limit=limit)
        found.append((seen(result), result.billed, result.missing, lab.books(book)))
    assert found[0] == found[1]


@settings(max_examples=100)
@given(shape=SEEDS, pace=SEEDS, budget=BUDGETS, life=LIVES, first=st.sampled_from(ROADS))
def test_a_run_killed_on_one_road_goes_on_by_the_other(
    lab: Any, shape: int, pace: int, budget: Budget | None, life: int, first: Road
) -> None:
    whole = lived(lab, shape, pace, first, budget=budget)
    book = lab.MortalJournal(job="lab", life=life)
    with suppress(LedgerError):
        lived(lab, shape, pace, first, journal=book, budget=budget)
    second = ROADS[ROADS[0] == first]
    again = lab.again(book)
    resumed = lived(lab, shape, pace + 1, second, journal=again, budget=budget)
    assert seen(resumed) == seen(whole)
    finished = [row.key for row in lab.rows(again, CallRow)]
    assert len(finished) == len(set(finished)), "no finished call is made twice"


MOST = 80
"""Most words of a draw below; most have a tenth of that."""
TIGHT = st.builds(Budget, tokens=st.integers(3 * MOST, 6 * MOST), calls=st.just(60))


def near_the_cap(lab: Any, shape: int, pace: int, road: Road, journal: Any, **how: Any) -> Any:
    """A calm run of draws whose worst cases do not fit for long."""
    sampling = Sampling(max_tokens=MOST)
    return lived(lab, shape, pace, road, tail=MOST, sampling=sampling, journal=journal, **how)


def decided(lab: Any, book: MemoryJournal) -> set[Any]:
    """What was refused, and the lengths that draws were sent with."""
    rows = lab.rows(book, OutcomeRow)
    return {(row.node, row.content) for row in rows if row.kind in ("refused", "ceiling")}


@settings(max_examples=100)
@given(
    shape=SEEDS,
    paces=st.tuples(SEEDS, SEEDS),
    budget=TIGHT,
    limits=st.tuples(st.sampled_from([1, 3, 512]), st.sampled_from([1, 3, 512])),
)
def test_refusals_and_shortened_lengths_are_the_same_under_every_timing(
    lab: Any, shape: int, paces: tuple[int, int], budget: Budget, limits: tuple[int, int]
) -> None:
    found = []
    for pace, limit, road in zip(paces, limits, ROADS, strict=True):
        book = MemoryJournal(job="lab")
        result = near_the_cap(lab, shape, pace, road, book, budget=budget, limit=limit)
        assert budget.allows(result.usage)
        found.append((seen(result), result.candidates, decided(lab, book)))
    assert found[0] == found[1]


@settings(max_examples=100)
@given(shape=SEEDS, pace=SEEDS, budget=TIGHT, life=LIVES, first=st.sampled_from(ROADS))
def test_a_run_killed_near_its_cap_repeats_the_lengths_that_it_had_decided(
    lab: Any, shape: int, pace: int, budget: Budget, life: int, first: Road
) -> None:
    book, dying = MemoryJournal(job="lab"), lab.MortalJournal(job="lab", life=life)
    whole = near_the_cap(lab, shape, pace, first, book, budget=budget)
    with suppress(LedgerError):
        near_the_cap(lab, shape, pace, first, dying, budget=budget)
    again, second = lab.again(dying), ROADS[ROADS[0] == first]
    resumed = near_the_cap(lab, shape, pace + 1, second, again, budget=budget)
    assert (seen(resumed), resumed.candidates) == (seen(whole), whole.candidates)
    assert decided(lab, again) == decided(lab, book)
    finished = [row.key for row in lab.rows(again, CallRow)]
    assert len(finished) == len(set(finished)), "no finished call is made twice"
    sent = len(lab.rows(again, IntentRow))
    third = lab.again(again)
    assert seen(near_the_cap(lab, shape, pace, first, third, budget=budget)) == seen(whole)
    assert len(lab.rows(third, IntentRow)) == sent
