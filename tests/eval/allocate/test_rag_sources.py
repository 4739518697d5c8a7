"""Settings of lines, reports and ledgers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tts.backends.scripted import ScriptedGenerator
from tts.cli.guard import respelled
from tts.engine import SessionOptions, parse_budget, parse_strategy
from tts.errors import BadInput
from tts.eval.allocate.rag_sources import measured_settings
from tts.eval.report import to_csv, to_json
from tts.eval.run_comparison import run_comparison
from tts.eval.spec import ComparisonSpec

STRATEGIES = ("zero_shot_qa", "rag(k=1)", "rag(k=2)", "iterdrag(k=1, n=2)", "rag(k=1, samples=2)")


@pytest.fixture
def compared(tmp_path: Path) -> Any:
    (tmp_path / "corpus.jsonl").write_text(
        '{"text": "Ida was born in Visby."}\n{"text": "Aino was born in Turku."}'
    )
    (tmp_path / "questions.jsonl").write_text(
        '{"id": "a", "problem": "Where was Ida born?", "answer": "Visby", "task": "qa"}\n'
        '{"id": "b", "problem": "Where was Aino born?", "answer": "Turku", "task": "qa"}'
    )
    model = ScriptedGenerator(lambda *_: "So the final answer is: Visby")
    return ComparisonSpec(
        title="t",
        problems=str(tmp_path / "questions.jsonl"),
        strategies=tuple(map(parse_strategy, STRATEGIES)),
        budgets=(parse_budget("100k tokens"),),
        options=SessionOptions.of(model=model, corpus=tmp_path / "corpus.jsonl"),
    )


async def test_a_ledger_and_both_reports_hold_the_same_settings(
    compared: Any, tmp_path: Path
) -> None:
    place = tmp_path / "tts.db"
    report = await run_comparison(compared, ledger=str(place), job="j")
    (tmp_path / "report.csv").write_text(to_csv(report))
    (tmp_path / "report.json").write_text(to_json(report))
    found = await measured_settings(place)
    assert found == await measured_settings(tmp_path / "report.csv")
    assert found == await measured_settings(tmp_path / "report.json")
    assert {(one.strategy, *one.theta) for one in found} == {
        ("drag", 0, 0, 1),
        ("rag", 1, 0, 1),
        ("rag", 2, 0, 1),
        ("iterdrag", 1, 0, 2),
    }
    assert all(one.score == 0.5 and one.tokens > 10 for one in found)


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("r.csv", "strategy,accuracy\nbest_of_n(n=2),0.5\n", "holds no whole run"),
        ("r.json", "{", "is no report"),
        ("none.csv", None, "No such file"),
    ],
)
async def test_what_holds_no_setting_is_one_line(
    tmp_path: Path, name: str, content: str | None, said: str
) -> None:
    if content is not None:
        (tmp_path / name).write_text(content)
    with pytest.raises(BadInput, match=said):
        await measured_settings(tmp_path / name)


def test_allocate_rag_may_be_written_as_two_words() -> None:
    assert respelled(["allocate", "rag", "f.csv", "--budget", "2k"])[:2] == [
        "allocate-rag",
        "f.csv",
    ]
    assert respelled(["allocate", "rag", "--budget", "2k"])[:2] == ["allocate", "rag"]
    assert respelled([]) == [] and respelled(["run", "x"]) == ["run", "x"]
