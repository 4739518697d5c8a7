"""`auto`, calibrated by nobody, is never decidedly below as much majority voting on recorded models."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tts.engine import SessionOptions, parse_strategy
from tts.eval.run_comparison import run_comparison
from tts.eval.spec import ComparisonSpec
from tts.values import Budget

POOLS = {
    "qwen_math100_rm8.jsonl.gz": 8,
    "verifycot_date_gpt35_n10.jsonl.gz": 10,
    "rg_llama3b_aime_amc_n50.jsonl.gz": 8,
    "otis_mock_aime_with_tokens.jsonl.gz#deepseek/deepseek-reasoner": 8,
}
"""With the draws of a problem that are taken at most."""
FEW = 70
"""Problems of a pool."""


@pytest.mark.parametrize("pool", POOLS)
def test_it_is_not_decidedly_below_at_equal_spend(
    pool: str, real_data: Path, tmp_path: Path
) -> None:
    n = POOLS[pool]
    place = f"replay:{real_data}/samples/{pool}"
    votes = [f"majority_vote(n={k})" for k in (1, 2, 4, n)]
    spec = ComparisonSpec(
        title="auto",
        problems=place,
        strategies=tuple(map(parse_strategy, [*votes, f"auto(n={n - 1})"])),
        budgets=(Budget(),),
        options=SessionOptions(model=place),
        baseline="majority_vote",
        limit=FEW,
    )
    report = asyncio.run(run_comparison(spec, ledger=tmp_path / "run.db", job="job"))
    auto = report.rows[-1]
    assert auto.strategy.startswith("auto")
    found = auto.at_spend["tokens"].estimate
    assert found is not None, auto.at_spend["tokens"].why
    assert found.high >= 0, f"{found.value:+.3f} [{found.low:+.3f}, {found.high:+.3f}]"
