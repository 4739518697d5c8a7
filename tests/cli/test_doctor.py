"""What `tts doctor` says of a machine, and what `tts init` begins with."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from tts.backends.fault_server import FaultPlan, FaultServer
from tts.cli.doctor import Finding, health
from tts.cli.guard import guarded
from tts.cli.init import recipe_text
from tts.eval.recipe import Recipe, read_recipe
from tts.ledger import Controls
from tts.options import SessionOptions


@pytest.fixture(autouse=True)
def without_key(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL"):
        monkeypatch.delenv(name, raising=False)


def found(ledger: Path, base_url: str = "") -> dict[str, Finding]:
    return {one.name: one for one in health(str(ledger), SessionOptions(base_url=base_url))}


def test_a_machine_without_key_and_ledger_is_healthy(tmp_path: Path) -> None:
    told = found(tmp_path / "none.db")
    assert not [one for one in told.values() if one.state == "broken"]
    assert told["endpoint"].state == told["ledger"].state == "absent"


def test_every_extra_for_users_is_looked_at_with_how_to_get_it(tmp_path: Path) -> None:
    told = found(tmp_path / "none.db")
    extras = {name.removeprefix("extra ") for name in told if name.startswith("extra ")}
    assert {"postgres", "real", "serve", "vllm", "vectors"} <= extras
    assert not extras & {"dev", "train"}
    missing = [one for name, one in told.items() if name.startswith("extra ") and one.state != "ok"]
    assert all("pip install 'tts-engine[" in one.said for one in missing)


def test_a_whole_ledger_says_its_size_and_a_damaged_one_what_is_wrong(tmp_path: Path) -> None:
    place = tmp_path / "a.db"
    Controls.open(place).close()
    assert found(place)["ledger"].said.endswith("0 jobs, 0 workers")
    data = bytearray(place.read_bytes())
    data[4096 * 3 : 4096 * 8] = b"\xff" * (4096 * 5)
    place.write_bytes(data)
    assert found(place)["ledger"].state == "broken"


async def test_a_server_is_asked_for_its_models_and_for_nothing_else(tmp_path: Path) -> None:
    async with FaultServer() as server:
        told = await asyncio.to_thread(found, tmp_path / "none.db", server.url)
        assert server.record.requests == 0
    assert told["endpoint"] == Finding("endpoint", "ok", f"{server.url} serves simulated")


async def test_a_wrong_key_is_a_broken_endpoint(tmp_path: Path) -> None:
    async with FaultServer(FaultPlan(api_key="right")) as server:
        told = await asyncio.to_thread(found, tmp_path / "none.db", server.url)
    assert told["endpoint"].state == "broken" and "API key" in told["endpoint"].said


def test_the_command_fails_where_something_is_broken(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "bad.db").write_text("no ledger at all, only a text that is long enough to be read")
    assert guarded(["doctor", "--ledger", str(tmp_path / "bad.db"), "--json"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert [one["name"] for one in told if one["state"] == "broken"] == ["ledger"]


def test_the_first_recipe_is_one_and_names_every_key(tmp_path: Path) -> None:
    file = tmp_path / "recipe.yaml"
    assert guarded(["init", str(file)]) == 0
    assert read_recipe(file).spec().title == "My first comparison"
    assert all(f"{name}:" in file.read_text() for name in Recipe.model_fields)


def test_a_key_that_is_uncommented_has_its_default(tmp_path: Path) -> None:
    file = tmp_path / "recipe.yaml"
    plain = recipe_text("recipe.yaml").replace("# concurrency:", "concurrency:")
    file.write_text(plain)
    assert read_recipe(file).concurrency == Recipe.model_fields["concurrency"].default


def test_a_file_that_is_there_stays(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "recipe.yaml").write_text("mine")
    assert guarded(["init", str(tmp_path / "recipe.yaml")]) == 2
    assert (tmp_path / "recipe.yaml").read_text() == "mine"
