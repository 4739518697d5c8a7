"""Nodes: edges, outcomes, depth."""

from __future__ import annotations

from typing import Any

import pytest

from tts.errors import CallFailed, StrategyError, ToolFailed
from tts.run.node import Outcome, outcome_parameters


def add(left: int, right: int) -> int:
    return left + right


def test_a_chain_of_twenty_thousand_local_nodes_runs_without_deep_recursion(lab: Any) -> None:
    async def solve(problem: Any, run: Any) -> None:
        node = run.call(add, 0, 1)
        for _ in range(20_000):
            node = run.call(add, node, 1)
        assert await node == 20_001

    lab.run(lab.solve(solve))


def test_a_failure_passes_down_a_chain_of_twenty_thousand_nodes(lab: Any) -> None:
    async def solve(problem: Any, run: Any) -> None:
        node = run.call(lab.Tool(errors=[ToolFailed("broken")]))
        for _ in range(20_000):
            node = run.call(add, node, 1)
        with pytest.raises(CallFailed, match="broken"):
            await node

    lab.run(lab.solve(solve))


def test_a_layered_graph_of_ten_thousand_nodes_runs(lab: Any) -> None:
    async def solve(problem: Any, run: Any) -> None:
        layer = [run.call(add, i, 0) for i in range(100)]
        for _ in range(99):
            layer = [run.call(add, a, b) for a, b in zip(layer, layer[1:] + layer[:1], strict=True)]
        assert len(await run.all(layer)) == 100

    lab.run(lab.solve(solve))


def test_nodes_may_stand_inside_lists_and_dicts_of_arguments(lab: Any) -> None:
    async def solve(problem: Any, run: Any) -> None:
        one, two = run.call(add, 0, 1), run.call(add, 1, 1)
        assert await run.call(lambda *a: a, [one, 5], {"b": (two,)}) == ([1, 5], {"b": (2,)})

    lab.run(lab.solve(solve))


def test_an_outcome_parameter_receives_the_error_of_a_failed_call(lab: Any) -> None:
    def judge(good: Outcome[str], bad: Outcome[str]) -> tuple[bool, bool]:
        return good.ok, bad.ok

    async def solve(problem: Any, run: Any) -> None:
        bad = run.call(lab.Tool("bad", errors=[ToolFailed("x")]))
        assert await run.call(judge, run.call(lab.Tool()), bad) == (True, False)

    lab.run(lab.solve(solve))


def test_a_list_of_outcomes_receives_values_and_errors_alike(lab: Any) -> None:
    def judge(them: list[Outcome[str]]) -> list[bool]:
        return [one.ok for one in them]

    async def solve(problem: Any, run: Any) -> None:
        bad = run.call(lab.Tool("bad", errors=[ToolFailed("x")]))
        assert await run.call(judge, [run.call(lab.Tool()), bad]) == [True, False]

    lab.run(lab.solve(solve))


def test_a_dependant_of_a_failed_call_is_never_sent(lab: Any) -> None:
    later = lab.Tool("later")

    async def solve(problem: Any, run: Any) -> None:
        bad = run.call(lab.Tool("bad", errors=[ToolFailed("x")]))
        with pytest.raises(CallFailed, match="x"):
            await run.call(later, run.call(add, bad, 1))

    lab.run(lab.solve(solve))
    assert later.performed == []


def test_a_local_function_that_raises_fails_its_node_by_name(lab: Any) -> None:
    def broken() -> None:
        raise KeyError("gone")

    async def solve(problem: Any, run: Any) -> None:
        with pytest.raises(StrategyError, match="broken raised KeyError"):
            await run.call(broken)

    lab.run(lab.solve(solve))


def test_a_function_that_performs_as_well_is_called_and_is_no_operation(lab: Any) -> None:
    class Orchestra:
        def perform(self) -> str:
            return "performed"

        def __call__(self, one: int) -> int:
            return one + 1

    async def solve(problem: Any, run: Any) -> None:
        assert await run.call(Orchestra(), 1) == 2

    lab.run(lab.solve(solve))


def test_a_callable_without_a_signature_or_hash_takes_no_outcomes() -> None:
    class Callable:
        __hash__ = None  # type: ignore[assignment]

        def __call__(self, one: int) -> int:
            return one

    assert outcome_parameters(Callable()) == outcome_parameters(max) == frozenset()


@pytest.mark.parametrize("listening", [0, 1, 3])
def test_whoever_listens_is_told_once_and_in_order(lab: Any, listening: int) -> None:
    told: list[int] = []

    async def solve(problem: Any, run: Any) -> None:
        node = run.call(add, 0, 1)
        for number in range(listening):
            node.listen(lambda _, number=number: told.append(number))
        await node
        node.listen(lambda _: told.append(-1))
        node.resolve(2)

    lab.run(lab.solve(solve))
    assert told == [*range(listening), -1]


def test_what_is_submitted_behind_an_await_stands_behind_it_in_the_order(lab: Any) -> None:
    async def solve(problem: Any, run: Any) -> None:
        first, beside = run.call(add, 0, 1), run.call(add, 0, 2)
        assert first.place is beside.place
        await beside
        assert first.lineage < beside.lineage < run.call(add, 0, 3).lineage

    lab.run(lab.solve(solve))
