"""What a job was billed, beside what its wallet holds and what its first problems had foretold."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from tts.eval.jobs import submission
from tts.eval.recipe import recipe_of
from tts.eval.run_comparison import run_comparison
from tts.eval.view.pages import spending_page
from tts.eval.view.source import LedgerSource

Opened = Callable[[str | Path], Awaitable[Any]]
KEYS = {
    "model": "simulated:0.6",
    "verifier": "none",
    "problems": "arithmetic:20",
    "strategies": ["single", "adaptive_consistency(n=6)"],
}


@pytest.fixture
async def foretold(tmp_path: Path) -> Path:
    """A job that went on from a pilot of ten problems, under a wallet."""
    recipe = recipe_of({**KEYS, "wallet": "20k tokens"})
    asked = submission(recipe, job="a")
    for pilot in (10, None):
        await run_comparison(
            recipe.spec(), ledger=tmp_path / "a.db", job="a", submitted=asked, pilot=pilot
        )
    return tmp_path / "a.db"


async def page(client: Any, address: str) -> str:
    async with client.get(address) as response:
        assert response.status == 200
        return str(await response.text())


async def test_the_wallet_is_named_and_drawn(foretold: Path, opened: Opened) -> None:
    text = await page(await opened(foretold), "/job/a/spending")
    assert re.search(r"<dt>wallet</dt><dd>20k tokens, [\d.]+ % of it billed</dd>", text)
    assert re.search(r"<dt>billed</dt><dd>[\d,]+ tokens, price unknown</dd>", text)
    assert text.count('class="line c7 dashed"') == 2  # wide and on a phone
    assert "the dashed line is what the wallet holds" in text


async def test_a_job_without_a_wallet_has_no_line_for_one(ledger: Path, opened: Opened) -> None:
    text = await page(await opened(ledger), "/job/my%2Fjob/spending")
    assert "<dt>wallet</dt>" not in text and "line c7 dashed" not in text


async def test_each_row_stands_beside_what_it_was_foretold(foretold: Path, opened: Opened) -> None:
    text = await page(await opened(foretold), "/job/a/spending")
    assert "<dt>estimate</dt><dd>from 10 of 20 problems; " in text
    source = LedgerSource(str(foretold))
    report = await asyncio.to_thread(source.report, "a")
    spent = {row.label: f"{row.attributed.tokens:,}" for row in report.rows}
    lines = re.findall(r"<bdi>([^<]+)</bdi></th><td>([^<]+)</td><td>([^<]+)</td></tr>", text)
    assert {name: told for name, _, told in lines} == spent
    bill = re.search(r"billed in all</th><td>([^<]+)</td><td>([\d,]+)</td>", text)
    assert bill is not None and f"<dd>{bill[2]} tokens, price unknown" in text
    for forecast in (bill[1], *(one for _, one, _ in lines)):
        assert re.fullmatch(r"[\d.]+k?( \[[\d.]+k? to [\d.]+k?\])?", forecast)


async def test_what_was_foretold_of_a_row_that_never_ran_has_no_figure_beside_it(
    foretold: Path,
) -> None:
    text = spending_page("a", LedgerSource(str(foretold)).spending("a"))
    assert text.count("<td>–</td></tr>") == 2
