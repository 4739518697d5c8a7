"""Packages of others that are broken are one line each, and take nothing else down."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from tts.cli.app import app
from tts.engine import STRATEGIES, VERIFIERS, build_strategy, parse_strategy
from tts.engine.registry import catalogue
from tts.errors import BadInput, UnknownName, UsageError

BROKEN = {
    "raises": "raise RuntimeError('no such device')",
    "leaves": "raise SystemExit(3)",
    "misspells": "def (:",
    "needs": "import a_package_that_is_not_there",
    "empty": "",
}


@pytest.fixture(params=BROKEN)
def broken(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The name of a strategy and a verifier whose package fails at import in some way."""
    name = f"plugin_{request.param}"
    (tmp_path / f"{name}.py").write_text(BROKEN[request.param])
    about = tmp_path / f"{name}-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text(
        f"[tts.strategy]\n{name} = {name}:Mine\n[tts.verifier]\n{name} = {name}:Mine\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    return name


def test_naming_a_broken_package_is_one_error_with_its_name(broken: str) -> None:
    for registry in (STRATEGIES, VERIFIERS):
        with pytest.raises(UsageError, match=f"package '{broken}' cannot be loaded"):
            registry.find(broken)


def test_what_is_not_broken_is_still_listed(broken: str) -> None:
    told: list[str] = []
    names = [one.name for one in catalogue(broken=lambda error: told.append(str(error)))]
    assert "majority_vote" in names and broken not in names
    assert [broken in one for one in told] == [True]


def test_the_list_of_strategies_warns_in_one_line(broken: str) -> None:
    found = CliRunner().invoke(app, ["strategies"])
    assert found.exit_code == 0
    assert "majority_vote" in found.stdout
    assert broken in found.stderr and "Traceback" not in found.stderr


@pytest.mark.parametrize(
    ("made", "said"),
    [
        ("lambda: 3", "of type int without name"),
        ("3", "of type int, which cannot be called"),
        ("type('T', (), {'__init__': lambda self: 1 / 0})", "ZeroDivisionError"),
        ("type('T', (), {'name': 't', 'solve': 1})", "without parameters, finish"),
    ],
)
def test_what_is_registered_and_is_no_strategy_says_what_it_lacks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, made: str, said: str
) -> None:
    (tmp_path / "odd_plugin.py").write_text(f"Mine = {made}")
    about = tmp_path / "odd_plugin-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: odd-plugin\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text("[tts.strategy]\nodd = odd_plugin:Mine\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(__import__("sys").modules, "odd_plugin", raising=False)
    with pytest.raises(UsageError, match=said):
        build_strategy("odd", {})


def test_a_name_that_there_is_not_is_told_with_its_flag_and_a_near_one() -> None:
    with pytest.raises(UnknownName, match=r"\(--strategy\).*Did you mean 'majority_vote'"):
        parse_strategy("majorty_vote")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("majority_vote(n=3", "bracket"),
        ("majority_vote(n=3) x", "bracket"),
        ("majority_vote(3)", "name=value"),
        ("majority_vote(n=)", "name=value"),
        ("majority_vote(n=3,)", "name=value"),
        ("majority_vote(n=3, n=4)", "twice"),
        ("majority_vote(n=[)", "quotes|bracket"),
        ("majority_vote(n=:a: b: c)", "quotes"),
        ("majority_vote(m=3)", "did you mean 'n'|no parameter 'm'"),
        ("majority_vote(n=3), single", "are 2"),
    ],
)
def test_a_strategy_that_cannot_be_read_says_how_to_write_it(text: str, said: str) -> None:
    with pytest.raises((BadInput, UsageError), match=said):
        parse_strategy(text)


def test_a_list_is_a_value_of_a_parameter() -> None:
    with pytest.raises(UsageError, match="no parameter 'of'"):
        parse_strategy("single(of=[1, 2])")
