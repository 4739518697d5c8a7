"""What the documentation promises to be complete about."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tts.engine.registry import STRATEGIES, VERIFIERS

DOCS = Path(__file__).resolve().parent.parent / "docs"
LINK = re.compile(r"\]\((?!https?:)([^)#]+)")


@pytest.mark.parametrize("name", STRATEGIES.names())
def test_every_strategy_has_its_row(name: str) -> None:
    assert f"| `{name}` |" in (DOCS / "strategies.md").read_text()


@pytest.mark.parametrize("name", VERIFIERS.names())
def test_every_verifier_is_named(name: str) -> None:
    assert f"`{name}:" in (DOCS / "strategies.md").read_text()


@pytest.mark.parametrize("page", sorted([*DOCS.glob("*.md"), DOCS.parent / "README.md"]), ids=str)
def test_links_lead_somewhere(page: Path) -> None:
    broken = [to for to in LINK.findall(page.read_text()) if not (page.parent / to).exists()]
    assert not broken
