"""The strategies with their parameters, and what models cost."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from tts.cli.app import app
from tts.engine.registry import STRATEGIES

RUN = CliRunner()


@pytest.mark.parametrize("name", STRATEGIES.names())
def test_every_strategy_is_listed(name: str) -> None:
    assert name in RUN.invoke(app, ["strategies"]).output.split()


def test_one_strategy_is_shown_with_its_defaults_and_its_source() -> None:
    found = RUN.invoke(app, ["strategies", "majority_vote"])
    assert found.exit_code == 0
    assert found.output.startswith("majority_vote(n=16, ")
    assert "Wang et al. 2022" in found.output
