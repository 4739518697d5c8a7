from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
from aiohttp.test_utils import TestClient, TestServer

from tts.eval.jobs import submission
from tts.eval.recipe import recipe_of
from tts.eval.run_comparison import run_comparison
from tts.eval.view.server import Viewer
from tts.eval.view.source import source_of

KEYS = {
    "model": "simulated:0.5",
    "verifier": "none",
    "strategies": ["single", "majority_vote(n=3)"],
}
EVIL = "<script>alert(1)</script>"
FOR_EVER = 1e6
"""Seconds: no page says that its report is being made."""
Opened = Callable[[str | Path], Awaitable[TestClient]]  # type: ignore[type-arg]


@pytest.fixture
async def ledger(tmp_path: Path) -> Path:
    """Three problems under two strategies; one problem's texts are markup."""
    file = tmp_path / "set.jsonl"
    rows = [
        '{"id": "a", "problem": "1+1", "answer": "2"}',
        '{"id": "b/c", "problem": "2+2", "answer": "4"}',
    ]
    rows.append(f'{{"id": "{EVIL}", "problem": "{EVIL} 3+3", "answer": "6"}}')
    file.write_text("\n".join(rows))
    recipe = recipe_of({**KEYS, "problems": str(file), "title": EVIL})
    asked = submission(recipe, job="my/job")
    await run_comparison(recipe.spec(), ledger=tmp_path / "a.db", job=asked.job, submitted=asked)
    return tmp_path / "a.db"


@pytest.fixture
async def opened() -> AsyncIterator[Opened]:
    """A browser, so to say, before the pages of a place."""
    clients: list[TestClient] = []  # type: ignore[type-arg]

    async def open_place(place: str | Path) -> TestClient:  # type: ignore[type-arg]
        client = TestClient(TestServer(Viewer(source_of(place), patience=FOR_EVER).app()))
        await client.start_server()
        clients.append(client)
        return client

    yield open_place
    for client in clients:
        await client.close()
