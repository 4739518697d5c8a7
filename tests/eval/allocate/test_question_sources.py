"""Recorded answers out of a comparison's ledger."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from tts.backends.scripted import ScriptedGenerator
from tts.cli.app import app
from tts.engine import SessionOptions, parse_budget, parse_strategy
from tts.errors import BadInput
from tts.eval.allocate.question_sources import recorded_answers
from tts.eval.run_comparison import run_comparison
from tts.eval.spec import ComparisonSpec

WAYS = ("zero_shot_qa", "rag(k=1)", "iterdrag(k=1, n=1)")


def says(messages: Any, *_: Any) -> str:
    """Knows nothing by heart, reads well, and is sure where it goes on."""
    asked = messages[-1].content
    if "one line at a time" in messages[0].content:
        return "So the final answer is: Visby"
    return "Visby" if "Documents:" in asked else "Oslo"


def spec(folder: Path, *strategies: str, budgets: tuple[str, ...] = ("100k tokens",)) -> Any:
    rows = [
        f'{{"id": "q{at}", "problem": "Where was Ida {at} born?", "answer": "{answer}", '
        '"aliases": ["Wisby"], "task": "qa"}'
        for at, answer in enumerate(["Visby", "Turku"] * 6)
    ]
    (folder / "questions.jsonl").write_text("\n".join(rows))
    (folder / "corpus.jsonl").write_text('{"text": "Ida was born in Visby."}')
    return ComparisonSpec(
        title="t",
        problems=str(folder / "questions.jsonl"),
        strategies=tuple(map(parse_strategy, strategies)),
        budgets=tuple(map(parse_budget, budgets)),
        options=SessionOptions.of(
            model=ScriptedGenerator(says), corpus=folder / "corpus.jsonl", verifier=None
        ),
    )


async def test_each_way_of_a_ledger_is_read_and_they_vote(tmp_path: Path) -> None:
    place = tmp_path / "tts.db"
    await run_comparison(spec(tmp_path, *WAYS), ledger=place, job="j")
    found = recorded_answers(place)
    assert len(found) == 12 and {one.references[1] for one in found} == {"Wisby"}
    [told] = {(one.closed, one.read, one.hops, one.chosen) for one in found}
    assert [one.answer for one in told] == ["Oslo", "Visby", "Visby", "Visby"]


async def test_several_of_a_kind_are_told_apart_by_name(tmp_path: Path) -> None:
    place = tmp_path / "tts.db"
    await run_comparison(spec(tmp_path, *WAYS, "rag(k=2)"), ledger=place, job="j")
    with pytest.raises(BadInput, match=r"rag or drag is needed, and there are: rag\(k=1\)"):
        recorded_answers(place)
    assert len(recorded_answers(place, ways=("zero_shot_qa", "rag(k=2)", WAYS[2]))) == 12


async def test_a_kind_that_is_missing_is_one_line(tmp_path: Path) -> None:
    place = tmp_path / "tts.db"
    await run_comparison(spec(tmp_path, *WAYS[:2]), ledger=place, job="j")
    with pytest.raises(BadInput, match="iterdrag or hop_graph is needed, and there are: none"):
        recorded_answers(place)


def test_a_policy_is_fitted_to_a_ledger_by_the_command(tmp_path: Path) -> None:
    place, out = tmp_path / "tts.db", tmp_path / "policy.json"
    asyncio.run(run_comparison(spec(tmp_path, *WAYS), ledger=place, job="j"))
    asked = ["question-policy", str(place), "--out", str(out), "--ways", ", ".join(WAYS)]
    found = CliRunner().invoke(app, asked)
    assert found.exit_code == 0 and "asks again" in found.stdout
    assert parse_strategy(f"adaptive_rag(policy={out})").parameters["digest"]


@pytest.mark.parametrize("flags", [["--job", "j"], ["--ways", "a, b, c"]])
def test_flags_of_ledgers_are_refused_for_lines(tmp_path: Path, flags: list[str]) -> None:
    (tmp_path / "rows.jsonl").write_text("{}")
    found = CliRunner().invoke(app, ["question-policy", str(tmp_path / "rows.jsonl"), *flags])
    assert "of ledgers" in str(found.exception)
