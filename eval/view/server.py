"""The pages over HTTP, on the loopback interface alone."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from aiohttp import web

from tts.errors import TTSError, UnknownName, UsageError
from tts.eval.report import ComparisonReport
from tts.eval.report.axes import axis_of
from tts.eval.statistics import paired_difference, verdict
from tts.eval.view import pages
from tts.eval.view.making import MOST, PATIENCE, Reports
from tts.eval.view.outline import Outline
from tts.eval.view.problems import Pair, listing, pair
from tts.eval.view.source import Source

T = TypeVar("T")
HERE = "127.0.0.1"
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "Cross-Origin-Resource-Policy": "same-origin",
}
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class NotYet(Exception):
    """The report is being made; what is shown meanwhile."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.page = page


class Viewer:
    """Answers requests from one source. What takes seconds goes in a thread, one at a time; reports
    are made beside it, each once for all who wait for it."""

    def __init__(self, source: Source, *, patience: float = PATIENCE, most: int = MOST) -> None:
        self._source = source
        self._lock = asyncio.Lock()
        self._reports = Reports(source, patience=patience, most=most)

    def app(self) -> web.Application:
        """Pages for GET alone; whatever else is asked is refused."""
        made = web.Application(middlewares=[guarded])
        made.router.add_get("/", self._jobs)
        made.router.add_get("/job/{job}", self._report)
        made.router.add_get("/job/{job}/problems", self._problems)
        made.router.add_get("/job/{job}/problem", self._problem)
        made.router.add_get("/job/{job}/pair", self._pair)
        made.router.add_get("/job/{job}/spending", self._spending)
        made.router.add_get("/job/{job}/run/{run}", self._run)
        made.on_shutdown.append(self._close)
        return made

    async def _jobs(self, request: web.Request) -> web.Response:
        jobs = await self._asked(self._source.jobs)
        return html(pages.jobs_page(self._source, jobs))

    async def _report(self, request: web.Request) -> web.Response:
        job, report = await self._found(request)
        cost = axis_of(request.query.get("cost", "tokens")).name
        page = pages.report_page
        return await self._rendered(
            lambda: page(report, job, traced=self._source.traced, cost=cost)
        )

    async def _problems(self, request: web.Request) -> web.Response:
        job, report = await self._found(request)
        row = number(request, "row", 0) if "row" in request.query else None
        wanted = request.query.get("show", "all")
        found = listing(report, wanted, number(request, "page", 1), row)
        return html(pages.problems_page(report, job, found, traced=self._source.traced))

    async def _problem(self, request: web.Request) -> web.Response:
        job, report = await self._found(request)
        name = request.query.get("id", "")
        line = next((one for one in report.problems if one.problem_id == name), None)
        if line is None:
            raise UnknownName("problem", name, (one.problem_id for one in report.problems))
        runs = await self._asked(lambda: self._source.runs(job, name))
        traced = self._source.traced
        return html(pages.problem_page(report, job, line, runs, traced=traced))

    async def _pair(self, request: web.Request) -> web.Response:
        job, report = await self._found(request)
        last = min(1, len(report.rows) - 1)
        found = pair(report, number(request, "a", 0), number(request, "b", last))
        said = pair_verdict(report, found)
        return html(pages.pair_page(report, job, found, said, traced=self._source.traced))

    async def _spending(self, request: web.Request) -> web.Response:
        job = request.match_info["job"]
        found = await self._asked(lambda: self._source.spending(job))
        foretold = found.pilot is not None
        report = await self._report_of(job) if foretold else None
        return html(pages.spending_page(job, found, report))

    async def _run(self, request: web.Request) -> web.Response:
        job, run = request.match_info["job"], request.match_info["run"]
        return html(await self._asked(lambda: self._source.trace(job, run)))

    async def _found(self, request: web.Request) -> tuple[str, ComparisonReport]:
        job = request.match_info["job"]
        return job, await self._report_of(job)

    async def _report_of(self, job: str) -> ComparisonReport:
        """Raises `NotYet` where that takes longer than anybody likes to look at nothing."""
        found = await self._reports.of(job)
        if isinstance(found, Outline):
            raise NotYet(pages.waiting_page(found, job, traced=self._source.traced))
        return found

    async def _close(self, _: web.Application) -> None:
        await self._reports.close()

    async def _rendered(self, render: Callable[[], str]) -> web.Response:
        return html(await asyncio.to_thread(render))

    async def _asked(self, question: Callable[[], T]) -> T:
        async with self._lock:
            return await asyncio.to_thread(question)


def pair_verdict(report: ComparisonReport, found: Pair) -> str:
    """The second row against the first, by the paired test of reports, uncorrected."""
    shares: list[dict[str, float]] = []
    for place in found.columns:
        cells = ((line.problem_id, line.cells[place]) for line in report.problems)
        shares.append({name: one.correct / one.graded for name, one in cells if one and one.graded})
    difference = paired_difference(shares[1], shares[0], seed=0)
    return "They share no graded problem." if difference is None else verdict(difference)


@web.middleware
async def guarded(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Only for browsers of this machine that asked for this address; errors are pages too."""
    if not is_local(request.host):
        return web.Response(status=403, text="This page is for the machine that serves it.\n")
    try:
        response = await handler(request)
    except NotYet as told:
        response = html(told.page, status=202)
    except TTSError as error:
        status = 404 if isinstance(error, UnknownName) else 400
        response = html(pages.error_page(error), status=status)
    except web.HTTPException as refused:
        response = web.Response(status=refused.status, text=f"{refused.reason}\n")
    response.headers.update(HEADERS)
    return response


def is_local(host: str) -> bool:
    """Whether a request names this machine: a page of another name that points here does not."""
    return host.rpartition(":")[0] in (HERE, "localhost") or host in (HERE, "localhost")


def html(text: str, *, status: int = 200) -> web.Response:
    return web.Response(text=text, status=status, content_type="text/html")


def number(request: web.Request, name: str, default: int) -> int:
    """A whole number of the address; raises `UsageError`."""
    text = request.query.get(name, "")
    if text and not (text.isascii() and text.lstrip("-").isdecimal() and len(text) < 10):
        raise UsageError(f"{name}={text[:20]!r} is no number.")
    return int(text) if text else default


async def serve(source: Source, port: int, told: Callable[[str], None]) -> None:
    """Serve until it is cancelled; `told` gets the address once it answers.

    Raises `UsageError` where the port is taken.
    """
    runner = web.AppRunner(Viewer(source).app(), access_log=None)
    await runner.setup()
    try:
        site = web.TCPSite(runner, HERE, port)
        try:
            await site.start()
        except OSError as error:
            raise UsageError(f"Port {port} is taken ({error.strerror}): give --port.") from error
        [address, *_] = runner.addresses
        told(f"http://{HERE}:{address[1]}/")
        await asyncio.Event().wait()
    finally:
        await runner.cleanup()
