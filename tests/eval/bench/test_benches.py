from __future__ import annotations

from importlib import import_module

import pytest

from tts.errors import UnknownName
from tts.eval.bench import BENCHES, NeedsData, bench
from tts.eval.bench.allocate import allocate
from tts.eval.bench.budget import admission, one_ceiling
from tts.eval.bench.client import client
from tts.eval.bench.gateway import gateway
from tts.eval.bench.graph import graph
from tts.eval.bench.ledger import ledger
from tts.eval.bench.processes import ServerProcess
from tts.eval.bench.replay import replay
from tts.eval.bench.search import search
from tts.eval.bench.workers import workers


@pytest.mark.parametrize("name", list(BENCHES))
def test_every_name_is_a_function_of_its_own_file(name: str) -> None:
    assert callable(getattr(import_module(f"tts.eval.bench.{name}"), name))


def test_an_unknown_name_is_answered_with_the_known_ones() -> None:
    with pytest.raises(UnknownName, match="client"):
        bench("speed")


def test_missing_data_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TTS_TEST_DATA", raising=False)
    with pytest.raises(NeedsData, match="TTS_TEST_DATA"):
        replay()


def test_a_small_graph_is_timed_beside_bare_asyncio() -> None:
    [row] = graph(runs=1, sizes=((2, 3),), large={})
    assert row.baseline is not None and row.value >= 1


def test_the_growth_of_wide_graphs_is_told_beside_their_cost() -> None:
    rows = graph(runs=1, sizes=(), large={(1, 4): 1e6, (1, 8): 1e6, (2, 3): 1e6})
    assert [row.holds for row in rows[:3]] == [True, True, True]
    assert "exponent from 4 to 8" in rows[3].what


def test_calls_over_http_are_metered_beside_bare_aiohttp_and_512_fly_together() -> None:
    rows = {row.what: row for row in client(calls=1024, runs=1)}
    assert rows["CPU per call at 64 in flight"].baseline is not None
    assert rows["disk per call at 512 in flight"].value > 0
    assert rows["most in flight of 512"].holds


def test_the_ledger_is_metered_beside_the_standard_library() -> None:
    row = ledger(calls=300, runs=1)[0]
    assert row.value > 0 and row.baseline is not None


def test_ten_calls_worth_lets_ten_calls_leave() -> None:
    assert all(row.holds for row in one_ceiling(runs=1))


def test_tickets_out_of_order_are_timed_beside_the_smallest_queue() -> None:
    small, large = admission((20, 40))
    assert small.value > 0 and large.baseline == small.value


def test_searches_are_timed_beside_a_barrier_and_one_at_a_time_on_the_same_draws() -> None:
    timed = search(count=3, draws=8, median=0.02, alone=1)
    assert timed[0].value >= 1 and len(timed) == 9
    assert timed[-1].value == 3 * 3 * 8 * 2


def test_the_server_counts_in_its_own_process() -> None:
    with ServerProcess() as server:
        assert server.url.startswith("http://127.0.0.1:")
        assert server.served().requests == 0


def test_a_budget_for_a_set_is_timed_and_set_beside_dynamic_programming() -> None:
    rows = {row.what: row for row in allocate(problems=2_000)}
    assert [row.holds for row in rows.values() if row.bar] == [True] * 7
    greedy, price = (
        next(
            row.value for what, row in rows.items() if what.startswith(rule) and "S-shaped" in what
        )
        for rule in ("next unit", "shadow price")
    )
    assert greedy < 0.8 < price


def test_a_gateway_loses_no_stream_and_keeps_every_budget() -> None:
    pytest.importorskip("uvicorn", reason="needs the extra serve")
    rows = {row.what: row for row in gateway(seconds=0.5, streams=16, requests=200, kills=1)}
    assert rows["of 16 streams at once, lost"].holds
    assert rows["of these, above their budget"].holds
    assert rows["tokens of all, less those on record"].holds


def test_processes_on_one_ledger_are_timed_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TTS_TEST_POSTGRES", raising=False)
    rows = {row.what: row for row in workers(calls=64, processes=(2,))}
    assert rows["calls of 2 processes on SQLite"].value > 0
    assert rows["CPU per call of 2 processes on SQLite"].value > 0
    assert rows["most calls on one SQLite ledger"].bar == "≥ 3000 1/s"
