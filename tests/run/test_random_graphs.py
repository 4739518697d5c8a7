"""Graphs of every verb at random: nothing hangs, no ceiling is passed, a replay is the same run."""

from __future__ import annotations

from contextlib import suppress
from random import Random
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from tts.errors import BadReply, CallFailed
from tts.ledger import MemoryJournal
from tts.protocols import IntentRow
from tts.values import Budget


def tool(lab: Any, shape: int, pace: int, name: str) -> Any:
    """Worst, cost and failure depend on the shape, time on the pace."""
    dice, clock = Random(f"{shape}{name}"), Random(f"{pace}{name}")
    return lab.Tool(
        name,
        most=dice.randint(10, 20),
        cost=dice.randint(0, 10),
        seconds=lambda *_: clock.random(),
        errors=[BadReply("broken")] if dice.random() < 0.1 else [],
        random=dice.random() < 0.5,
        effect=dice.choice(["pure", "read", "write"]),
    )


def length(*values: Any) -> int:
    return len(str(values))


def grown(lab: Any, shape: int, pace: int, *, calm: bool) -> Any:
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
                nodes.append(run.call(tool(lab, shape, pace, label), label, *inputs))
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


SEEDS = st.integers(0, 10**6)
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
