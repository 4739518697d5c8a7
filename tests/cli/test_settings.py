"""What a settings file says holds for every command, below its recipe and its flags."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from tts.cli.app import app
from tts.cli.guard import guarded
from tts.cli.options import flags_of
from tts.cli.settings import Settings, SettingsKeys, read_settings
from tts.errors import BadInput
from tts.eval.recipe import ModelKeys, Recipe


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def given(settings: Settings, *arguments: str, keys: Any = ModelKeys) -> dict[str, Any]:
    """The options that a command of these flags is handed."""
    found: list[dict[str, Any]] = []
    program = typer.Typer()

    @program.command()
    @flags_of(keys)
    def command(options: dict[str, Any]) -> None:
        found.append(options)

    typer.main.get_command(program).main(list(arguments), standalone_mode=False, obj=settings)
    return found[0]


def test_the_nearest_file_above_the_working_folder_is_read(project: Path) -> None:
    (project / "tts.toml").write_text('model = "openai:far"\n')
    near = project / "a" / "b"
    near.mkdir(parents=True)
    (project / "a" / "tts.toml").write_text('model = "openai:near"\n')
    found = read_settings(near)
    assert found == Settings(str(project / "a" / "tts.toml"), {"model": "openai:near"})


def test_a_pyproject_has_a_table_for_it_and_one_without_is_passed_by(project: Path) -> None:
    (project / "pyproject.toml").write_text('[tool.tts]\nmodel = "openai:m"\n')
    inner = project / "inner"
    inner.mkdir()
    (inner / "pyproject.toml").write_text('[project]\nname = "other"\n')
    found = read_settings(inner)
    assert found == Settings(f"{project / 'pyproject.toml'} [tool.tts]", {"model": "openai:m"})


def test_paths_begin_at_the_folder_of_the_file(project: Path) -> None:
    (project / "tts.toml").write_text('prices = "prices.yaml"\nledger = "runs/all.db"\n')
    assert read_settings(project).values == {
        "prices": project / "prices.yaml",
        "ledger": str(project / "runs/all.db"),
    }


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("modle = 'a:b'", "There is no key modle. Did you mean model?"),
        ("repeats = 'two'", "repeats: "),
        ("concurrency = 0", "concurrency: "),
        ("base_url = 'nowhere'", "base_url"),
        ("wallet = 'plenty'", "wallet: "),
        ("cost_axis = 'tears'", "cost_axis: "),
        ("model = ", "is no TOML"),
    ],
)
def test_a_wrong_key_or_value_is_one_line_with_file_and_key(
    project: Path, line: str, said: str
) -> None:
    (project / "tts.toml").write_text(line + "\n")
    with pytest.raises(BadInput) as caught:
        read_settings(project)
    told = str(caught.value)
    assert told.startswith(str(project / "tts.toml")) and said in told and "\n" not in told


def test_a_wrong_file_ends_a_command_before_it_does_anything(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (project / "tts.toml").write_text("modle = 'a:b'\n")
    assert guarded(["strategies"]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_a_flag_wins_over_the_file_and_mappings_are_joined() -> None:
    settings = Settings("f", {"model": "openai:m", "retries": 1, "sampling": {"top_p": 0.5}})
    assert given(settings, "--retries", "2", "--temperature", "0.1") == {
        "model": "openai:m",
        "retries": 2,
        "sampling": {"top_p": 0.5, "temperature": 0.1},
    }


def test_a_command_takes_only_the_keys_that_are_flags_of_it() -> None:
    assert given(Settings("f", {"repeats": 3, "retries": 1})) == {"retries": 1}


def test_a_recipe_wins_over_the_file_and_a_flag_over_both(project: Path) -> None:
    (project / "tts.toml").write_text(
        'model = "simulated:0.9"\nwallet = "9k tokens"\nrepeats = 3\n'
    )
    (project / "r.yaml").write_text(
        "problems: arithmetic:5\nstrategies: [single]\nrepeats: 2\nverifier: none\n"
    )
    found = CliRunner().invoke(app, ["estimate", "r.yaml", "--json", "--limit", "4"])
    assert found.exit_code == 0, found.output
    told = json.loads(found.stdout)
    assert told["runs"] == 8
    assert told["parts"][""]["title"] == "simulated:0.9 on arithmetic:5"


def test_every_command_that_records_goes_by_the_ledger_of_the_file(project: Path) -> None:
    (project / "tts.toml").write_text('model = "simulated:0.9"\nledger = "mine.db"\n')
    run = CliRunner()
    assert run.invoke(app, ["eval", "arithmetic:5", "--strategy", "single"]).exit_code == 0
    assert (project / "mine.db").exists() and not (project / "tts.db").exists()
    for shows in (["ledger"], ["trace"], ["report"], ["job", "list"]):
        found = run.invoke(app, shows)
        assert found.exit_code == 0, found.output
        assert "compare-" in found.output or "single" in found.output


def test_the_doctor_says_which_file_it_is(project: Path) -> None:
    (project / "tts.toml").write_text('ledger = "mine.db"\n')
    found = json.loads(CliRunner().invoke(app, ["doctor", "--json"]).stdout)
    [said] = [one["said"] for one in found if one["name"] == "settings"]
    assert said == f"{project / 'tts.toml'}: ledger"


def test_every_key_of_the_file_is_on_the_page_of_the_command_line() -> None:
    page = (Path(__file__).parents[2] / "docs" / "cli.md").read_text()
    said = page.partition("## Settings file")[2].partition("\n## ")[0]
    own = set(SettingsKeys.model_fields) - set(Recipe.model_fields)
    assert all(f"`{name}`" in said for name in own)
