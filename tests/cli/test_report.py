"""A report per job, the latest of them, pages of several, and reports without a model."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tts.budget.idealised_runtime import IdealisedRuntime, write_runtime
from tts.cli.compare import recipes, run_parts
from tts.cli.report import file_name, folder_of, show_report, show_results
from tts.errors import BadInput

PLAIN: dict[str, Any] = {
    "model": "simulated:0.7",
    "verifier": "none",
    "problems": "arithmetic:8",
    "strategies": ["single", "majority_vote(n=3)"],
    "baseline": "majority_vote",
}


def compared(folder: Path, *, job: str = "", out: Path | None = None, **changes: Any) -> None:
    options = {**PLAIN, **changes}
    run_parts(recipes(None, options), ledger=str(folder / "tts.db"), job=job, out=out)


def data(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "report.json").read_text())
    return found


def test_jobs_have_a_folder_each_and_the_latest_is_linked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    compared(tmp_path, job="one")
    compared(tmp_path, job="two", problems="arithmetic:9")
    out = tmp_path / "out"
    assert len(data(out / "one")["problems"]) == 8
    assert data(out / "latest") == data(out / "two")
    show_results(Path("out"), tmp_path / "page.md")
    assert (tmp_path / "page.md").read_text().count("job: two") == 1


def test_figures_and_tables_are_written_as_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    pytest.importorskip("pyarrow")
    compared(tmp_path, job="one")
    monkeypatch.setenv("PATH", str(tmp_path))
    figures, tables = tmp_path / "figures", tmp_path / "tables"
    ledger = str(tmp_path / "tts.db")
    show_report(ledger, "", tmp_path / "out", figures=figures, parquet=tables)
    names = {file.name for file in figures.iterdir()}
    assert {"accuracy-tokens.svg", "difficulty-tokens.svg", "spend.svg"} <= names
    assert {file.name for file in tables.iterdir()} == {
        f"{name}.parquet" for name in ("rows", "problems", "spend")
    }
    assert "No PNG: Chromium is needed on the path" in capsys.readouterr().out


def test_a_folder_that_holds_another_jobs_report_keeps_it(tmp_path: Path) -> None:
    out = tmp_path / "shared"
    compared(tmp_path, job="one", out=out)
    compared(tmp_path, job="two", out=out, problems="arithmetic:9")
    compared(tmp_path, job="one", out=out)
    assert len(data(out)["problems"]) == 8
    assert len(data(out / "two")["problems"]) == 9


def test_the_latest_is_a_copy_where_a_folder_stands_in_the_place_of_the_link(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "out" / "latest").mkdir(parents=True)
    compared(tmp_path, job="one")
    assert data(tmp_path / "out" / "latest") == data(tmp_path / "out" / "one")


@pytest.mark.parametrize("job", ["../../etc", "a/b", ".hidden", "latest", "", "x" * 300, "ü b"])
def test_no_name_of_a_job_leaves_the_folder_of_reports(job: str) -> None:
    folder = folder_of(None, job)
    assert folder.parent == Path("out")
    assert folder.name not in ("latest", "", ".", "..") and not folder.name.startswith(".")


def test_names_that_differ_have_folders_that_differ() -> None:
    names = ["a/b", "a_b", "a:b", "latest", "a b"]
    assert len({file_name(name) for name in names}) == len(names)


def test_what_a_ledger_holds_renders_like_the_comparison(tmp_path: Path) -> None:
    compared(tmp_path, out=tmp_path / "a")
    show_report(str(tmp_path / "tts.db"), "", tmp_path / "b")
    made, read = data(tmp_path / "a"), data(tmp_path / "b")
    for name in ("title", "rows", "problems", "verdicts", "partial", "warnings"):
        assert made[name] == read[name], name


def test_idealised_seconds_are_those_of_the_comparison_and_need_a_fit(tmp_path: Path) -> None:
    fits = tmp_path / "fits.yaml"
    compared(tmp_path, out=tmp_path / "a")
    model = dict(data(tmp_path / "a")["manifest"])["model"].split()[0]
    write_runtime(fits, model, IdealisedRuntime(token_seconds=0.01, prompt_seconds={100: 0.1}))
    compared(tmp_path, out=tmp_path / "a", runtimes=fits)
    show_report(str(tmp_path / "tts.db"), "", tmp_path / "b", runtimes=fits)
    show_report(str(tmp_path / "tts.db"), "", tmp_path / "c")
    made, read, bare = (data(tmp_path / name)["rows"] for name in "abc")
    assert made == read and all(row["idealised_seconds"] > 0 for row in read)
    assert [row["idealised_seconds"] for row in bare] == [None, None]


def test_a_file_of_fits_that_cannot_be_read_is_refused_before_anything_is_asked(
    tmp_path: Path,
) -> None:
    with pytest.raises(BadInput, match="cannot be read"):
        compared(tmp_path, out=tmp_path / "a", runtimes=tmp_path / "none.yaml")
    assert not (tmp_path / "tts.db").exists()


def test_strategies_that_were_added_later_are_in_the_report(tmp_path: Path) -> None:
    compared(tmp_path, job="j", out=tmp_path / "a", strategies=["single"], baseline="")
    added = ["single", "majority_vote(n=2)"]
    compared(tmp_path, job="j", out=tmp_path / "a", strategies=added, baseline="")
    show_report(str(tmp_path / "tts.db"), "j", tmp_path / "b")
    assert data(tmp_path / "a")["rows"] == data(tmp_path / "b")["rows"]


def test_a_ledger_of_several_jobs_asks_for_one_and_an_unknown_one_is_said(tmp_path: Path) -> None:
    for job in ("one", "two"):
        compared(tmp_path, job=job, out=tmp_path / job)
    with pytest.raises(BadInput, match="one of one, two"):
        show_report(str(tmp_path / "tts.db"), "", tmp_path / "b")
    with pytest.raises(BadInput, match="holds no run of a job 'three'"):
        show_report(str(tmp_path / "tts.db"), "three", tmp_path / "b")


RECIPE = """
model: simulated:0.7
verifier: none
problems: arithmetic:5
strategies: [single, "majority_vote(n=3)"]
parts:
  one: {title: First, bins: [1]}
  two: {title: Second, bins: [2]}
"""


def test_every_part_has_a_folder_and_all_of_them_one_page(tmp_path: Path) -> None:
    recipe, page = tmp_path / "two.yaml", tmp_path / "docs" / "results.md"
    recipe.write_text(RECIPE)
    run_parts(recipes(recipe, {}), ledger=str(tmp_path / "tts.db"), job="", out=tmp_path / "out")
    show_results(tmp_path / "out", page)
    text = page.read_text()
    assert text.index("## First") < text.index("## Second")
    assert text.count("majority_vote(n=3)") >= 4


def test_a_folder_without_reports_is_said(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"report\.json"):
        show_results(tmp_path, None)
