"""What is said of a comparison while it runs."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from tts.cli.progress import Progress, failures, line, spent
from tts.cli.screen import Screen
from tts.eval.comparison import Comparison
from tts.eval.recipe import recipe_of
from tts.eval.run_comparison import run_comparison
from tts.values import Budget, Usage

KEYS: dict[str, Any] = {
    "problems": "arithmetic:8",
    "model": "simulated:0.5",
    "verifier": "none",
    "strategies": ["single", "majority_vote(n=3)"],
    "budgets": ["1k tokens"],
}


@pytest.fixture
def compared(tmp_path: Path) -> Comparison:
    return watched(tmp_path, KEYS)


def watched(folder: Path, keys: dict[str, Any]) -> Comparison:
    """A comparison that has ended."""
    seen: list[Comparison] = []
    work = run_comparison(
        recipe_of(keys).spec(), ledger=folder / "a.db", job="j", watch=seen.append
    )
    asyncio.run(work)
    return seen[0]


def shown(comparison: Comparison, width: int, capsys: Any, *, terminal: bool) -> Sequence[str]:
    console = Screen()
    console.width, console._force_terminal = width, terminal
    progress = Progress(console)
    progress.begin(comparison)
    console.print(progress._shown(comparison))
    return [one.rstrip() for one in capsys.readouterr().out.splitlines()]


def test_the_line_says_runs_spending_against_the_wallet_speed_and_failures(tmp_path: Path) -> None:
    found = watched(tmp_path, {**KEYS, "wallet": "90k tokens"})
    told = line(found, 2.0).plain
    assert told.startswith("16/16 runs, ") and " of 90,000 tokens billed (price unknown)" in told
    assert "tokens/s" in told and "0 failed" in told


def test_what_a_ledger_held_already_makes_nothing_faster(tmp_path: Path) -> None:
    watched(tmp_path, KEYS)
    again = line(watched(tmp_path, KEYS), 2.0).plain
    assert "16/16 runs" in again and " 0 tokens/s, no run has ended yet" in again


def test_spent_dollars_stand_beside_their_limit() -> None:
    usage, wallet = Usage(prompt_tokens=5, nanodollars=10**9), Budget(nanodollars=2 * 10**9)
    assert spent(usage, wallet) == "5 tokens billed ($1.0000 of $2)"


def test_the_commonest_reason_of_failures_is_said(compared: Comparison) -> None:
    some = list(compared.attempts.values())[:3]
    whys = ("refused", "no room", "refused")
    lost = [
        replace(one, stopped_by="failed", error=why) for one, why in zip(some, whys, strict=True)
    ]
    assert failures([*lost, *compared.attempts.values()]) == "3 failed (2 × refused)"


@pytest.mark.parametrize("width", [60, 80])
def test_on_a_terminal_it_is_a_table_that_breaks_no_word(
    compared: Comparison, width: int, capsys: Any
) -> None:
    lines = shown(compared, width, capsys, terminal=True)
    assert max(map(len, lines)) <= width
    words = " ".join(lines).split()
    assert "accuracy" in words and "tokens/run" in words and "single" in words


def test_elsewhere_it_is_plain_lines_with_accuracy_and_interval(
    compared: Comparison, capsys: Any
) -> None:
    lines = shown(compared, 200, capsys, terminal=False)
    [single] = [one for one in lines if one.startswith("  single, ")]
    assert "8 runs" in single and " % [" in single
    assert not any(set(one) & set("│─┃━") for one in lines)
