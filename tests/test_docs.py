"""What the documentation promises to be complete about."""

from __future__ import annotations

import json
import re
import runpy
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import pytest
import yaml
from typer.testing import CliRunner

from tts.budget.prices import read_price_file
from tts.cli.app import app
from tts.cli.settings import read_settings
from tts.engine.registry import STRATEGIES, VERIFIERS
from tts.eval.bench import BENCHES

DOCS = Path(__file__).resolve().parent.parent / "docs"
LINK = re.compile(r"\]\((?!https?:)([^)#]+)")


@pytest.mark.parametrize("name", STRATEGIES.names())
def test_every_strategy_has_its_row(name: str) -> None:
    assert f"| `{name}` |" in (DOCS / "strategies.md").read_text()


@pytest.mark.parametrize("name", STRATEGIES.names())
def test_every_strategy_says_where_it_comes_from_and_when_it_helps_or_hurts(name: str) -> None:
    whole = (DOCS / "strategies.md").read_text()
    catalogue = whole.partition("## Where each comes from, and when")[2].partition("\n## ")[0]
    rows = [[cell.strip() for cell in line.split("|")] for line in catalogue.splitlines()]
    [(_, _, _, helps, hurts, _, _)] = [row for row in rows if f"`{name}`" in "".join(row[1:2])]
    assert helps and (hurts or name == "single")


@pytest.mark.parametrize("name", VERIFIERS.names())
def test_every_verifier_is_named(name: str) -> None:
    assert f"`{name}:" in (DOCS / "strategies.md").read_text()


@pytest.mark.parametrize("page", sorted([*DOCS.rglob("*.md"), DOCS.parent / "README.md"]), ids=str)
def test_links_lead_somewhere(page: Path) -> None:
    broken = [to for to in LINK.findall(page.read_text()) if not (page.parent / to).exists()]
    assert not broken


def test_the_index_names_every_page() -> None:
    named = set(LINK.findall((DOCS / "index.md").read_text()))
    assert named == {str(page.relative_to(DOCS)) for page in DOCS.rglob("*.md")} - {"index.md"}


@pytest.mark.parametrize("name", ["cli.md", "api.md"])
def test_the_reference_is_what_the_code_says(name: str) -> None:
    generator = runpy.run_path(str(DOCS / "reference" / "generate.py"))
    written = (DOCS / "reference" / name).read_text()
    assert written == generator["pages"]()[name], "stale: python docs/reference/generate.py"


class Block(NamedTuple):
    """A fenced block of a page."""

    page: str
    kind: str
    text: str


def blocks() -> list[Block]:
    pages = [*sorted(DOCS.glob("*.md")), DOCS.parent / "README.md"]
    fence = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
    return [Block(page.name, *found) for page in pages for found in fence.findall(page.read_text())]


NOT_RUN = {
    "$ make demo": "installs the project and runs for minutes; make is tried by the build",
    "$ tts compare recipes/arithmetic.yaml": "minutes long; the recipes have tests of their own",
    "$ tts serve": "serves until it is ended; tests/gateway has it",
    "class BestOfN:": "the shape of a strategy that ships whole, see tests/strategies",
    "@tts.tool(": "needs a model that writes plans; tests/planner has one",
    "async with tts.MCPTools(": "needs a server of the reader's; tests/tools has one",
    "1. search(": "the language of plans, read in tests/planner",
    "$ tts tune --model vllm:FOLDER": "needs vLLM and a folder",
    "$ tts tune --idealized": "times the machine for minutes",
    "runtime = read_runtimes(": "reads what the line before it has timed",
}
"""By a text that the block holds: why it is not run here."""
BLOCKS = [one for one in blocks() if not any(mark in one.text for mark in NOT_RUN)]


def test_every_reason_not_to_run_a_block_belongs_to_one() -> None:
    assert not [mark for mark in NOT_RUN if not any(mark in one.text for one in blocks())]


def of_kind(kind: str) -> list[pytest.param]:  # type: ignore[valid-type]
    return [pytest.param(one.text, id=one.page) for one in BLOCKS if one.kind == kind]


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """The URL of a fault server in a process of its own."""
    command = [sys.executable, "-m", "tts.cli", "faults", "serve"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
        process.terminate()


@pytest.fixture
def place(tmp_path: Path, server: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a problem file, and the server in place of the provider."""
    (tmp_path / "problems.jsonl").write_text('{"problem": "1 + 1?", "answer": "2"}\n' * 2)
    (tmp_path / "documents.jsonl").write_text('{"text": "Ida Brandt directed Glass Harbour."}\n')
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OPENAI_BASE_URL", server)
    monkeypatch.setenv("OPENAI_API_KEY", "none")
    return tmp_path


def run_block(text: str, names: dict[str, Any]) -> None:
    """As a file of its own: what this module imports from the future does not count."""
    exec(compile(text, "a block of the documentation", "exec", dont_inherit=True), names)  # noqa: S102 — the pages are ours


@pytest.mark.parametrize("text", of_kind("python"))
def test_a_python_block_runs(text: str, place: Path) -> None:
    run_block(text, {"__name__": "docs"})


@pytest.mark.parametrize("text", of_kind("console"))
def test_the_commands_of_a_block_run(text: str, place: Path) -> None:
    commands = [line.removeprefix("$ tts ") for line in text.splitlines() if line[:6] == "$ tts "]
    assert commands
    for command in commands:
        found = CliRunner().invoke(app, shlex.split(command, comments=True))
        assert found.exit_code == 0, f"{command}: {found.output}"


@pytest.mark.parametrize("text", of_kind("yaml"))
def test_a_recipe_or_a_price_file_is_accepted_as_it_stands(
    text: str, place: Path, server: str
) -> None:
    written = place / "written.yaml"
    if "problems" not in yaml.safe_load(text):
        written.write_text(text)
        assert read_price_file(written)
        return
    written.write_text(text.replace("http://localhost:8000/v1", server))
    found = CliRunner().invoke(app, ["compare", str(written), "--ledger", "jobs.db"])
    assert found.exit_code == 0, found.output


@pytest.mark.parametrize(
    "text", [one.text for one in BLOCKS if one.page == "cli.md" and one.kind == "toml"]
)
def test_a_settings_file_is_accepted_as_it_stands(text: str, place: Path) -> None:
    (place / "tts.toml").write_text(text)
    assert read_settings(place).values


EXTENDING = [one for one in BLOCKS if one.page == "extending.md"]


def test_nothing_takes_more_than_thirty_lines_to_add() -> None:
    assert max(len(one.text.splitlines()) for one in EXTENDING if one.kind == "python") <= 30


def test_what_the_page_adds_works_by_the_names_that_it_registers(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = ModuleType("my_package")
    for one in EXTENDING:
        if one.kind == "python":
            run_block(one.text, package.__dict__)
    monkeypatch.setitem(sys.modules, "my_package", package)
    about = place / "my_package-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: my-package\nVersion: 1.0\n")
    [said] = [tomllib.loads(one.text) for one in EXTENDING if one.kind == "toml"]
    for group, names in said["project"]["entry-points"].items():
        with (about / "entry_points.txt").open("a") as file:
            file.write(f"[{group}]\n" + "".join(f"{n} = {to}\n" for n, to in names.items()))
    monkeypatch.syspath_prepend(str(place))
    asked = "run 'Who made Harbour' --model parrot:any --json --ledger mine.db"
    for more in (
        "--verifier brief:60 --strategy 'first_accepted(n=4)'",
        "--corpus documents.jsonl --retriever shared-words --strategy 'rag(k=1)'",
    ):
        found = CliRunner().invoke(app, shlex.split(f"{asked} {more}"))
        assert found.exit_code == 0, found.output
        assert json.loads(found.stdout)["answer"]


def test_every_block_is_run_or_says_why_not() -> None:
    assert {one.kind for one in BLOCKS} <= {"python", "console", "yaml", "toml"}


ROWS = [
    *(f"R{number}" for number in range(1, 12)),
    *(f"F{number}" for number in range(1, 16)),
    *(f"B{number}" for number in range(1, 11)),
    *(f"X{number}" for number in range(1, 13)),
]
"""Of the bar that `docs/reliability.md` answers row by row."""


def test_every_row_of_the_reliability_bar_names_tests_and_benchmarks_that_there_are() -> None:
    page = (DOCS / "reliability.md").read_text()
    told = dict(re.findall(r"^\| ([RFBX]\d+) \|(.+)$", page, re.MULTILINE))
    assert list(told) == ROWS
    for row, line in told.items():
        named, benches = (
            re.findall(r"`(tests/\S+)::(\w+)`", line),
            re.findall(r"tts bench (\w+)", line),
        )
        assert (named or benches) and set(benches) <= set(BENCHES), row
        for file, name in named:
            assert f"def {name}(" in (DOCS.parent / file).read_text(), f"{row}: {name}"
