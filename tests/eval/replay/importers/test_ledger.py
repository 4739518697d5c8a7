"""A ledger as a pool: what was run is what its replay gives."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.eval.replay.conftest import Write, pools_of, random_rows
from tts.cli.replay import export_pool
from tts.engine import SessionOptions, parse_strategy
from tts.errors import BadInput
from tts.eval.replay.importers.ledger import ledger_rows
from tts.eval.replay.replayed import replayed
from tts.eval.replay.rules import plan_of
from tts.eval.report import ComparisonReport
from tts.eval.run_comparison import run_comparison
from tts.eval.spec import ComparisonSpec
from tts.values import Budget

STRATEGIES = (
    "majority_vote(n=6)",
    "majority_vote(n=3)",
    "adaptive_consistency(n=6, confidence=0.8, batch=2)",
    "best_of_n(n=6)",
    "weighted_best_of_n(n=4)",
    "single",
)


def compared(
    place: Path, *strategies: str, repeats: int = 1, recorded: str = ""
) -> ComparisonReport:
    spec = ComparisonSpec(
        title="sums",
        problems=recorded or "arithmetic:6",
        strategies=tuple(map(parse_strategy, strategies)),
        budgets=(Budget(),),
        options=SessionOptions(model=recorded, verifier="none")
        if recorded
        else SessionOptions(model="embedded:small", verifier="embedded:prm"),
        repeats=repeats,
    )
    return asyncio.run(run_comparison(spec, ledger=place))


@pytest.mark.parametrize("repeats", [1, 2])
def test_a_ledger_exported_as_a_pool_and_replayed_is_the_comparison_that_was_run(
    tmp_path: Path, repeats: int
) -> None:
    place, target = tmp_path / "tts.db", tmp_path / "pool.jsonl"
    report = compared(place, *STRATEGIES, repeats=repeats)
    export_pool(str(place), "", target)
    pools = {pool.setting: pool for pool in pools_of(target)}
    assert sorted(pools) == ["embedded:small", "embedded:small|single"]
    for text, row in zip(STRATEGIES, report.rows, strict=True):
        pool = pools["embedded:small|single" if text == "single" else "embedded:small"]
        told = replayed(pool, plan_of(text), orders=repeats)
        assert row.accuracy is not None
        assert told.accuracy.value == pytest.approx(row.accuracy.value, abs=1e-12)
        assert told.tokens + told.score_tokens == pytest.approx(row.tokens_per_run, abs=1e-9)


def test_a_ledger_is_replayed_as_it_lies(tmp_path: Path) -> None:
    place = tmp_path / "tts.db"
    compared(place, "majority_vote(n=3)")
    [pool] = pools_of(place)
    assert (pool.setting, pool.task, pool.draws, pool.timed) == (
        *("embedded:small", "arithmetic"),
        *(18, True),
    )


def test_parts_of_draws_are_left_out_and_told(tmp_path: Path) -> None:
    place = tmp_path / "tts.db"
    compared(place, "majority_vote(n=2)", "beam_search(n=4)")
    found = asyncio.run(ledger_rows(place))
    assert {row["model"] for row in found.rows} == {"embedded:small"}
    assert "no whole draws" in found.notes[0]


def test_draws_that_were_recorded_before_are_no_pool_again(tmp_path: Path, write: Write) -> None:
    place = tmp_path / "tts.db"
    compared(place, "majority_vote(n=3)", repeats=2, recorded=f"replay:{write(random_rows(1))}")
    with pytest.raises(BadInput, match="drew from recorded samples"):
        pools_of(place)


def test_a_ledger_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="cannot be read"):
        pools_of(tmp_path / "none.db")
