"""`view`: pages over many problems in Chromium: how soon they are painted and what they hold."""

from __future__ import annotations

import asyncio
import re
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import aiohttp
from msgspec import Struct

from tts.errors import UsageError
from tts.eval.attempts import Attempt, Grade
from tts.eval.bench.recorded_runs import JOB, SIZES, write_ledger
from tts.eval.bench.report import NeedsData, Row, at_most, figure
from tts.eval.report import ComparisonReport, assemble, render_page, to_json
from tts.pages.chromium import Chromium, found_chromium
from tts.values import Problem, Usage

PROBLEMS, STRATEGIES = 10_000, 4
TURNS = 5
"""Openings of each page, each in a tab of its own."""
PAINTED, HELD = 1.0, 150.0
"""Seconds until the first paint, MiB of the process that holds the page."""
AGAIN = 0.1
"""Seconds between two questions for a report."""
SHOWN = re.compile(r"is shown at (\S+)")
PAINT = """new Promise(done => new PerformanceObserver(list => {
  const [found] = list.getEntriesByName("first-contentful-paint");
  if (found) done(found.startTime);
}).observe({type: "paint", buffered: true}))"""


class Opened(Struct, frozen=True):
    """One opening of a page."""

    painted: float
    """Seconds from asking for it to its first contents on the screen, the server's time included."""
    held: float
    """MiB: the proportional set size (`/proc/PID/smaps_rollup`) of the largest renderer, all
    `details` as they come, once the page has loaded and drawn."""


def view(*, problems: int = PROBLEMS, turns: int = TURNS) -> list[Row]:
    """The pages of `tts view` and the report as a file, over so many problems and four strategies;
    and a ledger of as many runs, none of which anybody has graded yet.

    Raises `NeedsData` where there is no Chromium.
    """
    if found_chromium() is None:
        raise NeedsData("Chromium is needed on the path")
    report = made(problems)
    with TemporaryDirectory(prefix="tts-view-") as folder:
        place = Path(folder) / "many"
        place.mkdir()
        (place / "report.json").write_text(to_json(report))
        (place / "report.html").write_text(render_page(report))
        ledger = Path(folder) / "many.db"
        write_ledger(ledger, problems)
        return [
            *asyncio.run(_measured(place, turns)),
            *asyncio.run(_first_looks(ledger, turns, problems * len(SIZES))),
        ]


def made(problems: int) -> ComparisonReport:
    """Four strategies on so many problems of five difficulties, with texts that hold formulas."""
    told = [
        Problem(
            id=f"problem-{n}",
            prompt=f"Let $x = \\\\frac{{{n}}}{{7}}$ and $y = x^2 + {n % 13}$. What is $x + y$? "
            * 3,
            answer=f"\\\\frac{{{n + 1}}}{{49}}",
            difficulty_bin=n % 5 + 1,
        )
        for n in range(problems)
    ]
    attempts = [
        _attempt(f"strategy_{place}(n={4 * place + 4})", problem, (n * 7 + place * 3) % 10, place)
        for place in range(STRATEGIES)
        for n, problem in enumerate(told)
    ]
    return assemble(attempts, told, title="Many problems", seed=0, baseline="strategy_0(n=4)")


def _attempt(strategy: str, problem: Problem, luck: int, place: int) -> Attempt:
    right = luck < 5 + place
    spent = Usage(calls=4, prompt_tokens=200, completion_tokens=300 * (place + 1), nanodollars=10)
    return Attempt(
        strategy=strategy,
        budget="8k tokens",
        problem_id=problem.id,
        grade=Grade(right, "same" if right else "different"),
        answer=problem.answer if right else f"\\\\sqrt{{{luck}}}",
        attributed=spent,
        billed=spent,
        stopped_by="done",
        spend={"sample": spent},
        seconds=1.0,
        run_id=f"{place}-{problem.id}",
    )


async def _measured(place: Path, turns: int) -> list[Row]:
    rows: list[Row] = []
    async with Chromium.started() as browser, _served(place.parent) as address:
        job = f"{address}job/{place.name}"
        empty = await _opened(browser, "about:blank", paints=False)
        pages = {
            "report, served": job,
            "problems, served": f"{job}/problems?show=disagreement",
            "report, as a file": (place / "report.html").as_uri(),
        }
        for name, url in pages.items():
            found = [await _opened(browser, url) for _ in range(turns)]
            painted, held = (
                median(getattr(one, part) for one in found) for part in ("painted", "held")
            )
            rows.append(at_most(f"first paint of the {name}", painted, "s", bar=PAINTED))
            rows.append(
                at_most(f"memory of the {name}", held, "MiB", bar=HELD, baseline=empty.held)
            )
            first = found[0].painted
            rows.append(figure(f"first paint of the {name}, first time", first, "s"))
    return rows


async def _first_looks(ledger: Path, turns: int, runs: int) -> list[Row]:
    """Each by a server of its own, which has graded nothing."""
    async with Chromium.started() as browser:
        found = [await _first_look(browser, ledger) for _ in range(turns)]
    painted, graded = (median(one[at] for one in found) for at in (0, 1))
    first = f"first paint of a ledger's {runs:,} runs, never graded"
    return [
        at_most(first, painted, "s", bar=PAINTED),
        figure("their report, from the same moment", graded, "s"),
    ]


async def _first_look(browser: Chromium, ledger: Path) -> tuple[float, float]:
    """Seconds until something is seen of the job, and until its report is there."""
    async with _served(ledger) as address, aiohttp.ClientSession() as http:
        url, began = f"{address}job/{JOB}", time.perf_counter()
        seen = await _opened(browser, url)
        while True:
            async with http.get(url) as response:
                if response.status == 200:
                    return seen.painted, time.perf_counter() - began
            await asyncio.sleep(AGAIN)


async def _opened(browser: Chromium, url: str, *, paints: bool = True) -> Opened:
    async with browser.tab() as tab:
        # A page that asks again by itself would be measured when it does, not at the first look.
        await tab.ask("Page.addScriptToEvaluateOnNewDocument", source="window.setTimeout = () => 0")
        await tab.open(url)
        painted = await tab.run(PAINT) / 1000 if paints else 0.0
        held = max((await asyncio.to_thread(browser.renderers)).values()) / 1024
        return Opened(painted, held)


@asynccontextmanager
async def _served(place: Path) -> AsyncIterator[str]:
    """`tts view` of a folder or a ledger in a process of its own; its address."""
    command = (sys.executable, "-m", "tts.cli", "view", str(place), "--port", "0")
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    assert process.stdout is not None
    try:
        said = (await process.stdout.readline()).decode()
        match = SHOWN.search(said)
        if match is None:
            raise UsageError(f"tts view did not start: {said}")
        yield match[1]
    finally:
        process.kill()
        await process.wait()
