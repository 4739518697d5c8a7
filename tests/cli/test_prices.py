"""What models cost, and a price file of one's own."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tts.budget import PriceTable
from tts.cli.app import app
from tts.cli.guard import guarded

RUN = CliRunner()
ENTRY = {"mode": "chat", "input_cost_per_token": 3e-07, "output_cost_per_token": 2e-06}


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("asked", [["gpt-4o-mini"], ["list", "gpt-4o-mini"]])
def test_the_list_has_every_tier(asked: list[str]) -> None:
    found = RUN.invoke(app, ["prices", *asked])
    assert found.exit_code == 0
    [line] = [line for line in found.output.splitlines() if line.startswith("gpt-4o-mini ")]
    assert line.split() == ["gpt-4o-mini", "0.15", "0.075", "0.6", "0.075/0.3"]


def test_a_long_prompts_rates_stand_below_their_model() -> None:
    lines = RUN.invoke(app, ["prices", "gemini-2.5-pro"]).output.splitlines()
    at = next(place for place, line in enumerate(lines) if line.startswith("gemini-2.5-pro "))
    assert lines[at + 1].split()[:2] == ["above", "200,000"]


def test_one_model_is_found_by_the_name_that_a_server_gives_it() -> None:
    found = RUN.invoke(app, ["prices", "show", "openai/gpt-4o-mini-2024-07-18"])
    assert "prompt 0.15, cached 0.075, completion 0.6" in found.output


def test_an_unknown_price_is_said_to_be_unknown(capsys: pytest.CaptureFixture[str]) -> None:
    assert guarded(["prices", "show", "my-model"]) == 2
    assert "unknown, which is not $0" in capsys.readouterr().err


def test_an_update_says_what_is_new_and_what_differs_and_is_a_price_file() -> None:
    Path("new.json").write_text(json.dumps({"gpt-5-mini": ENTRY, "mine": ENTRY}))
    found = RUN.invoke(app, ["prices", "update", "new.json"])
    assert found.exit_code == 0, found.output
    assert "gpt-5-mini: in/cached/out 0.25/0.025/2 → 0.3/0.3/2" in found.output
    assert "2 prices: 1 new, 1 differ, 0 as before" in found.output
    price = PriceTable.load(Path("prices.json")).price_of("mine")
    assert price is not None and price.prompt == 300_000_000


def test_a_second_update_keeps_what_it_does_not_name() -> None:
    Path("one.yaml").write_text("mine: {prompt: 1, completion: 2}\n")
    Path("two.yaml").write_text(
        "yours: {prompt: 1, completion: 2, batch: {prompt: 0.4, completion: 1}}\n"
    )
    for name in ("one.yaml", "two.yaml"):
        assert RUN.invoke(app, ["prices", "update", name]).exit_code == 0
    shown = RUN.invoke(app, ["prices", "list", "rs", "--prices", "prices.json"]).output
    assert "0.4/1" in shown
    assert PriceTable.load(Path("prices.json")).price_of("mine") is not None


def test_a_file_without_a_price_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    Path("new.json").write_text(json.dumps({"a": {**ENTRY, "mode": "embedding"}}))
    assert guarded(["prices", "update", "new.json"]) == 2
    assert not Path("prices.json").exists()


@pytest.mark.parametrize("width", ["60", "80"])
def test_no_name_is_cut(width: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", width)
    lines = RUN.invoke(app, ["prices"]).output.splitlines()
    assert max(map(len, lines)) <= int(width)
    assert not [line for line in lines if "…" in line]
