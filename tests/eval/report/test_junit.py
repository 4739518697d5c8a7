"""What a build server is told of a comparison."""

from __future__ import annotations

from pathlib import Path
from xml.etree.ElementTree import Element, fromstring

from tts.eval.recipe import recipe_of
from tts.eval.report.junit import to_junit
from tts.eval.run_comparison import run_comparison

KEYS = {
    "model": "simulated:0.5",
    "verifier": "none",
    "strategies": ["single", "majority_vote(n=3)"],
}


async def tree(tmp_path: Path, rows: str) -> Element:
    file = tmp_path / "set.jsonl"
    file.write_text(rows)
    spec = recipe_of({**KEYS, "problems": str(file)}).spec()
    return fromstring(to_junit(await run_comparison(spec, ledger=tmp_path / "a.db")))


async def test_every_row_is_a_suite_and_every_problem_a_case(tmp_path: Path) -> None:
    rows = '{"id": "one", "problem": "1+1", "answer": "2"}\n{"id": "two", "problem": "2+2", "answer": "4"}\n'
    root = await tree(tmp_path, rows)
    assert [suite.get("name") for suite in root] == [
        "single, no ceiling",
        "majority_vote(n=3), no ceiling",
    ]
    assert [case.get("name") for case in root[0]] == ["one", "two"]
    failures = [len(suite.findall("testcase/failure")) for suite in root]
    assert [suite.get("failures") for suite in root] == [str(count) for count in failures]


async def test_a_problem_without_a_reference_is_skipped(tmp_path: Path) -> None:
    root = await tree(tmp_path, '{"id": "one", "problem": "1+1"}\n')
    assert [suite.get("skipped") for suite in root] == ["1", "1"]


async def test_what_xml_cannot_hold_is_replaced(tmp_path: Path) -> None:
    root = await tree(tmp_path, '{"id": "a\\u0001b", "problem": "1+1", "answer": "2"}\n')
    assert root[0][0].get("name") == "a\N{REPLACEMENT CHARACTER}b"
