"""The pages in a real browser: nothing that a model wrote runs, and people who use a keyboard, a
screen reader or a phone can read them.

The axe tests need axe-core: `npm install --no-save axe-core` in the project, or its script named by
`TTS_TEST_AXE`."""

from __future__ import annotations

import json
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from tts.backends.scripted import ScriptedGenerator
from tts.engine import Engine
from tts.eval.jobs import submission
from tts.eval.recipe import recipe_of
from tts.eval.run_comparison import run_comparison
from tts.pages.chromium import Chromium, Tab, found_chromium
from tts.tools import tool

ROOT = Path(__file__).resolve().parents[3]
AXE = Path(os.environ.get("TTS_TEST_AXE", ROOT / "node_modules/axe-core/axe.min.js"))
pytestmark = [
    pytest.mark.skipif(found_chromium() is None, reason="Chromium is not on the path."),
    pytest.mark.timeout(300),
]
EVIL = (
    "<script>window.hit = 1</script><img src=x onerror='window.hit = 2'>"
    r"$\href{javascript:window.hit=3}{x}$ \[\text{<svg onload='window.hit=4'>}\] "
    r"\boxed{\unicode{x3c}img src=x onerror=window.hit=5>} $\style{background:url(//x)}{y}$ "
    "$x^2 + \\frac{1}{2}$"
)
Opened = Callable[[str | Path], Awaitable[Any]]


@pytest.fixture
async def ledger(tmp_path: Path) -> Path:
    """Questions, references, names and answers that are markup and formulas."""
    file = tmp_path / "set.jsonl"
    rows = [
        {"id": f"{name}{EVIL[:50]}", "problem": f"{EVIL} {name}", "answer": EVIL[:70]}
        for name in "abcdefgh"
    ]
    file.write_text("\n".join(map(json.dumps, rows)))
    keys = {"model": "simulated:0.5", "verifier": "none", "budgets": ["300 tokens", "900 tokens"]}
    strategies = ["single", "majority_vote(n=3)", "majority_vote(n=6)"]
    recipe = recipe_of({**keys, "strategies": strategies, "problems": str(file), "title": EVIL})
    asked = submission(recipe, job=f"job {EVIL[:40]}")
    await run_comparison(
        recipe.spec(),
        ledger=tmp_path / "a.db",
        job=asked.job,
        submitted=asked,
    )
    return tmp_path / "a.db"


@pytest.fixture
async def tab() -> AsyncIterator[Tab]:
    async with Chromium.started() as browser, browser.tab() as tab:
        yield tab


@tool(effect="read")
async def look(name: str) -> str:
    return f"{name} {EVIL}"


@pytest.fixture
async def plans(tmp_path: Path) -> list[str]:
    """A plan that has not run and one that has."""
    text = '1. look(name="K2")\n2. look(name=$1)\nanswer = $2\n'
    async with Engine(ScriptedGenerator([text, text])) as engine:
        compiled = await engine.compile(EVIL, tools=[look])
        pages = {"plan": compiled.page(), "run": (await compiled.run()).page()}
    for name, page in pages.items():
        (tmp_path / f"{name}.html").write_text(page, "utf-8")
    return [(tmp_path / f"{name}.html").as_uri() for name in pages]


async def addresses(client: Any, tab: Tab) -> list[str]:
    """One page of every kind."""
    start = str(client.make_url("/"))
    await tab.open(start)
    links = "[...document.querySelectorAll('a')].map(a => a.href)"
    report = next(one for one in await tab.run(links) if "/job/" in one)
    await tab.open(f"{report}/problems")
    every = await tab.run(links)
    run = next(one for one in every if "/run/" in one)
    problem = next(one for one in every if "/problem?id=" in one)
    more = [f"{report}/{name}" for name in ("problems?show=wrong&row=0", "pair", "spending")]
    return [start, report, *more, problem, run]


async def test_nothing_that_a_model_or_a_set_says_runs(
    ledger: Path, opened: Opened, tab: Tab, plans: list[str]
) -> None:
    for address in [*await addresses(await opened(ledger), tab), *plans]:
        await tab.open(address)
        await tab.run("document.querySelectorAll('details').forEach(one => one.open = true)")
        assert await tab.run("window.hit") is None, address
        assert await tab.run("document.querySelectorAll('img, iframe, object').length") == 0
        assert not await tab.run("document.querySelector('a[href^=\"javascript\" i]')")
        refused = [one for one in tab.said if one.get("method") == "Log.entryAdded"]
        assert not refused, f"{address}: the policy has to refuse nothing, since nothing is there"


async def test_formulas_are_set_by_the_browser(ledger: Path, opened: Opened, tab: Tab) -> None:
    *_, problem, _ = await addresses(await opened(ledger), tab)
    await tab.open(problem)
    width = "document.querySelector('pre.question math mfrac').getBoundingClientRect()"
    assert await tab.run(f"{width}.height > {width}.width")


@pytest.mark.parametrize("width", [360, 320])
async def test_figures_on_a_phone_have_texts_of_eleven_pixels_and_more(
    ledger: Path, opened: Opened, tab: Tab, plans: list[str], width: int
) -> None:
    await tab.look(width, 740)
    for address in [*await addresses(await opened(ledger), tab), *plans]:
        await tab.open(address)
        sizes = await tab.run(
            "[...document.querySelectorAll('svg.figure text')].filter(t => t.getClientRects().length)"
            ".map(t => parseFloat(getComputedStyle(t).fontSize) * t.getScreenCTM().a)"
        )
        assert all(size >= 11 for size in sizes), (address, min(sizes))
        assert await tab.run("document.documentElement.scrollWidth") <= width, address


async def test_the_axis_and_the_scale_are_chosen_and_the_figure_is_saved(
    ledger: Path, opened: Opened, tab: Tab
) -> None:
    _, report, *_ = await addresses(await opened(ledger), tab)
    await tab.open(report)
    shown = (
        "[...document.querySelectorAll('figure[data-scale]')].filter(one => !one.hidden)"
        ".map(one => [one.dataset.axis, one.dataset.scale])"
    )
    choose = (
        "((id, value) => { const one = document.getElementById(id); one.value = value;"
        " one.dispatchEvent(new Event('change')); })"
    )
    await tab.run(f"{choose}('cost-axis', 'generated')")
    await tab.run(f"{choose}('cost-scale', 'log')")
    assert await tab.run(shown) == [["generated", "log"]]
    saved = await tab.run(
        "new Promise(done => { URL.createObjectURL = blob => { blob.text().then(done); return '#'; };"
        " document.querySelector('figure:not([hidden]) button.save').click(); })"
    )
    assert saved.startswith("<svg") and 'xmlns="http://www.w3.org/2000/svg"' in saved
    assert "class=" not in saved and "var(" not in saved and "Accuracy against" in saved


@pytest.mark.skipif(
    not AXE.is_file(), reason="axe-core is not here: npm install --no-save axe-core"
)
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
async def test_axe_finds_nothing_serious(
    ledger: Path, opened: Opened, tab: Tab, plans: list[str], dark: bool
) -> None:
    await tab.look(1200, 900, dark=dark)
    for address in [*await addresses(await opened(ledger), tab), *plans]:
        await tab.open(address)
        assert await serious(tab) == [], address


def axe_script() -> str:
    return AXE.read_text("utf-8")


async def serious(tab: Tab) -> list[str]:
    """What axe finds serious or critical in the page that is shown, folded parts open."""
    await tab.run("document.querySelectorAll('details').forEach(one => one.open = true)")
    await tab.run(f"{axe_script()}; 0")
    found = await tab.run(
        "axe.run({resultTypes: ['violations']}).then(all => all.violations"
        ".filter(one => ['serious', 'critical'].includes(one.impact))"
        ".map(one => `${one.id}: ${one.nodes[0].html.slice(0, 200)} ${one.nodes[0].failureSummary}`))"
    )
    return list(found)
