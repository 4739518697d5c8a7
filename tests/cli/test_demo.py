"""What `tts demo` runs, and what it refuses before anything is fetched or spent."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from tts.cli import demo
from tts.cli.app import app
from tts.cli.demo import run_real_demo, shipped, usual_port
from tts.errors import BadInput, UsageError
from tts.eval.problems import load_problems


def demo_with(tmp_path: Path, weights: Path) -> None:
    run_real_demo(ledger=str(tmp_path / "tts.db"), out=tmp_path, weights=weights, port=0)


def test_a_file_of_weights_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"none\.gguf: no such file of weights"):
        demo_with(tmp_path, tmp_path / "none.gguf")
    assert not list(tmp_path.iterdir())


def test_a_recipe_that_cannot_be_read_is_refused_before_anything_is_served(tmp_path: Path) -> None:
    recipe = tmp_path / "own.yaml"
    recipe.write_text("strategies: [single]\n")
    with pytest.raises(BadInput, match="problems is missing"):
        run_real_demo(
            ledger=str(tmp_path / "tts.db"), out=tmp_path, weights=None, port=0, recipe=recipe
        )
    assert list(tmp_path.iterdir()) == [recipe]


def test_a_port_in_use_is_refused(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken = other.getsockname()[1]
        with pytest.raises(UsageError, match=f"Port {taken} cannot be had"):
            run_real_demo(ledger=str(tmp_path / "tts.db"), out=tmp_path, weights=None, port=taken)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "option", [["--weights", "model.gguf"], ["--port", "4711"], ["--recipe", "a.yaml"]]
)
def test_what_is_for_the_language_model_is_refused_without_it(option: list[str]) -> None:
    with pytest.raises(UsageError, match="give that too"):
        CliRunner().invoke(app, ["demo", *option], catch_exceptions=False)


def test_a_file_that_is_no_model_is_refused_before_anything_is_recorded(tmp_path: Path) -> None:
    weights = tmp_path / "broken.gguf"
    weights.write_bytes(b"GGUF and no more")
    with pytest.raises(UsageError, match=r"broken\.gguf|xllamacpp") as caught:
        demo_with(tmp_path, weights)
    assert "\n" not in str(caught.value) and list(tmp_path.iterdir()) == [weights]


@pytest.mark.parametrize("name", ["demo.yaml", "demo_real.yaml"])
def test_a_shipped_recipe_names_sets_that_exist(name: str) -> None:
    keys: dict[str, Any] = shipped(name)
    assert load_problems(keys["problems"])
    assert any(one.startswith(keys["baseline"]) for one in keys["strategies"])


def test_a_server_keeps_its_address_as_long_as_nobody_else_has_it() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken = other.getsockname()[1]
        assert usual_port(taken) == 0
    assert usual_port(taken) == taken


def test_the_usual_address_is_the_demos_own() -> None:
    assert usual_port() in (0, demo.PORT)
