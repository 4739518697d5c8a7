from __future__ import annotations

import csv
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from tts.errors import UnknownName, UsageError
from tts.ledger import Ledger, export, spreadsheet_safe
from tts.protocols import JobRow
from tts.values import Usage


@pytest.fixture
async def kept(place: str, rows: Any) -> str:
    """A ledger with two calls of one job and one of another."""
    unknown = Usage(calls=1, nanodollars=None)
    async with Ledger.open(place, job="job") as ledger:
        ledger.write(JobRow(job="job", kind="evaluation", manifest="{}", created_at=1.0))
        ledger.write(rows.call("k1", content='{"text":"½, \\"x\\""}'.encode()))
        await ledger.commit(rows.call("k2", usage=unknown), rows.call("k3", job="other"))
    return place


def test_csv_has_a_header_and_a_line_per_row(kept: str, tmp_path: Path) -> None:
    target = tmp_path / "calls.csv"
    assert export(kept, target, table="calls", form="csv") == 3
    with target.open(newline="", encoding="utf-8") as file:
        lines = list(csv.DictReader(file))
    assert [line["key"] for line in lines] == ["k1", "k2", "k3"]
    assert lines[0]["content"] == '{"text":"½, \\"x\\""}'
    assert lines[1]["nanodollars"] == ""


def test_jsonl_keeps_unknown_apart_from_zero(kept: str, tmp_path: Path) -> None:
    target = tmp_path / "calls.jsonl"
    assert export(kept, target, table="calls", form="jsonl", job="job") == 2
    lines = [json.loads(line) for line in target.read_text().splitlines()]
    assert [line["nanodollars"] for line in lines] == [1000, None]


def test_parquet_has_typed_columns(kept: str, tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    target = tmp_path / "calls.parquet"
    assert export(kept, target, table="calls", form="parquet") == 3
    table = parquet.read_table(target)
    assert table.column("nanodollars").to_pylist() == [1000, None, 1000]
    assert str(table.schema.field("flops").type) == "int64"


def test_parquet_without_pyarrow_says_what_to_install(
    kept: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(UsageError, match=r"tts-engine\[parquet\]"):
        export(kept, tmp_path / "x.parquet", table="calls", form="parquet")


def test_unknown_tables_are_refused(kept: str, tmp_path: Path) -> None:
    with pytest.raises(UnknownName, match="Did you mean 'calls'"):
        export(kept, tmp_path / "x.csv", table="call", form="csv")


@pytest.mark.parametrize(
    "sign", ["=", "+", "-", "@", "\t", "\r", "\n", " =", "\u00a0=", "＝", "＋"]
)
def test_a_cell_that_a_spreadsheet_would_run_is_text_in_it(sign: str) -> None:
    assert spreadsheet_safe(f"{sign}cmd|' /C calc'!A0") == f"'{sign}cmd|' /C calc'!A0"


@pytest.mark.parametrize("value", ["a=b", "", "'=1", 3, -3, -0.5, None, True])
def test_a_cell_that_no_spreadsheet_runs_stays_as_it_is(value: Any) -> None:
    assert spreadsheet_safe(value) is value


async def test_no_table_is_exported_as_csv_with_a_formula(
    place: str, rows: Any, tmp_path: Path
) -> None:
    async with Ledger.open(place, job="=job") as ledger:
        ledger.write(JobRow(job="=job", kind="evaluation", manifest="@x", created_at=1.0))
        await ledger.commit(rows.call("-k", job="=job", content=b"=HYPERLINK(1)"))
    for table in ("jobs", "calls"):
        target = tmp_path / f"{table}.csv"
        export(place, target, table=table, form="csv")
        with target.open(newline="", encoding="utf-8") as file:
            cells = [cell for line in csv.reader(file) for cell in line]
        assert [cell for cell in cells if cell.startswith(("=", "+", "-", "@"))] == []
        assert "'=job" in cells
