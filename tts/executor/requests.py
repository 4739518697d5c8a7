"""The physical calls on their way: who joins whom, and by which road they go."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from functools import partial
from typing import Any

from tts.errors import Crashed, Suspended, TTSError, Unrecordable
from tts.executor.attempts import Attempts
from tts.executor.call import Call
from tts.executor.deadlines import Deadlines
from tts.executor.direct import Direct
from tts.executor.request import Attempt, Request
from tts.executor.retries import LEAVE, Retries
from tts.executor.settlement import INTERRUPTED, Landing, Settlement, Written
from tts.protocols import Answer, Journal, SettledRow
from tts.run import Group, Run
from tts.values import NOTHING, Usage


class Requests:
    """One request per key: whoever wants the same draw meanwhile joins it.

    Guarantees: every request that was started ends exactly once, and every use of it is delivered,
    failed or stopped by then; after `close` none is under way.
    """

    def __init__(
        self, journal: Journal, *, job: str, attempts: Attempts, settlement: Settlement
    ) -> None:
        self._journal = journal
        self._attempts, self._settlement = attempts, settlement
        self._landing = Landing(journal, job=job, attempts=attempts, settlement=settlement)
        deadlines = Deadlines()
        self._retries = Retries(attempts, deadlines)
        self._direct = Direct(attempts, deadlines, self)
        self._by_key: dict[str, Request] = {}
        self._open: dict[object, set[Request]] = {}
        """By the run that a strategy began with; the run of a child counts with it."""
        self._aborted: set[Request] = set()
        self._gathering: dict[Group, list[Call]] = {}
        self._group = asyncio.TaskGroup()
        self._beside: set[asyncio.Task[Any]] = set()
        """Local coroutines, and joins that are being journalled."""
        self.write = self._landing.write

    @property
    def fatal(self) -> TTSError | None:
        """Why nothing more can be sent: the journal failed, or the credentials are wrong."""
        return self._attempts.fatal

    @fatal.setter
    def fatal(self, error: TTSError) -> None:
        self._attempts.fatal = self._attempts.fatal or error

    async def open(self) -> None:
        self._attempts.open_on(asyncio.get_running_loop())
        await self._group.__aenter__()

    def spawn(self, coroutine: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        """Run a coroutine beside the requests."""
        task = self._group.create_task(coroutine)
        self._beside.add(task)
        task.add_done_callback(self._beside.discard)
        return task

    async def close(self) -> None:
        """Abort what is still on its way, and wait until it is settled.

        The group never sees why its body ended: that error leaves as it is, not in a group of one.
        """
        self.fatal = Suspended(INTERRUPTED)
        for request in [one for its in self._open.values() for one in its]:
            self._leave(request)
            if request.task is not None:
                self._cancel(request, request.task)
            else:
                self._direct.cancel(request)
                self._landing.stop(request)
                self._end(request)
        if self._beside:
            _, late = await asyncio.wait(self._beside, timeout=LEAVE)
            for task in late:
                task.cancel()
        await self._group.__aexit__(None, None, None)
        self._direct.close()

    async def landed(self, run: Run) -> None:
        """Wait for the requests of a run that are ending: what they were billed is known then."""
        its = self._open.get(run.root, ())
        ending = [self._end_of(r) for r in its if r.answered or r in self._aborted]
        if ending:
            await asyncio.wait(ending)

    # Starting and leaving

    def join_or_send(self, call: Call) -> None:
        """Join the request of this key, or start one; draws that may travel together gather."""
        call.node.state = "running"
        request, group = self._by_key.get(call.key), call.node.group
        if self.fatal is not None:
            self._settlement.stop(call, self.fatal)
        elif request is not None:
            request.join(call)
        elif group is None or call.ceiling is not None or not call.operation.spec.coalesce:
            self._start(Request([call]))
        else:
            self._gather(group, call)

    def abandon(self, call: Call) -> Usage:
        """A use no longer wants its draw; returns what it would have cost alone so far."""
        attributed, request = NOTHING, self._by_key.get(call.key)
        if request is not None and request.leave(call):
            if request.sent:
                metered = request.meter.usage if len(request.drawn) == 1 else None
                attributed = self._settlement.given_up(call, metered)
            if not request.wanted and not request.answered:
                self._abort(request)
        return attributed

    def _abort(self, request: Request) -> None:
        """Nobody wants it any more, and nobody joins it."""
        self._leave(request)
        if request.task is not None:
            self._aborted.add(request)
            self._cancel(request, request.task)
        elif self._direct.cancel(request):
            self._end(request)

    def _cancel(self, request: Request, task: asyncio.Task[None]) -> None:
        """A task that has not begun never will: what its attempt holds is given back for it."""
        task.cancel()
        attempt, request.attempt = request.attempt, None
        if attempt is not None:
            if attempt.stage != "open":
                self._attempts.loop.call_soon(self._attempts.withdraw, attempt)
            self._landing.stop(request)
            self._end(request)

    def _gather(self, group: Group, call: Call) -> None:
        if group not in self._gathering:
            self._gathering[group] = []
            asyncio.get_running_loop().call_soon(self._depart, group)
        self._gathering[group].append(call)

    def _depart(self, group: Group) -> None:
        fresh: dict[str, list[Call]] = {}
        for call in self._gathering.pop(group):
            if call.node.settled:
                continue
            if self.fatal is not None:
                self._settlement.stop(call, self.fatal)
            elif call.key in self._by_key:
                self._by_key[call.key].join(call)
            else:
                fresh.setdefault(call.key, []).append(call)
        if fresh:
            request = Request([calls[0] for calls in fresh.values()])
            for call in (call for calls in fresh.values() for call in calls[1:]):
                request.join(call)
            self._start(request)

    def _start(self, request: Request) -> None:
        self._open.setdefault(request.starter.run.root, set()).add(request)
        for drawn in request.drawn:
            self._by_key[drawn.key] = request
            drawn.starter.run.note(drawn.starter.node, "started")
        attempt = self._attempts.new(request, 0)
        if request.spec.prompt and not self._retries.hedges(request):
            self._direct.send(attempt)
        else:
            self.by_task(attempt)

    def _leave(self, request: Request) -> None:
        """Nobody joins this request any more: said before anybody is told how it ended, since that
        makes room for calls that wait, its twins among them."""
        for drawn in request.drawn:
            if self._by_key.get(drawn.key) is request:
                del self._by_key[drawn.key]

    def _end(self, request: Request) -> None:
        request.meter.hear = request.meter.leave = None
        root = request.starter.run.root
        its = self._open.get(root)
        if its is not None:
            its.discard(request)
            if not its:
                del self._open[root]
        self._aborted.discard(request)
        self._look_again(request)
        if request.ended is not None and not request.ended.done():
            request.ended.set_result(None)

    def _look_again(self, request: Request) -> None:
        """Whoever wants the same draw under another ceiling takes what came of it, or sends it."""
        behind, request.behind = request.behind, []
        for call in behind:
            if call.state == "admitted" and not call.node.settled:
                call.admitted()

    def _end_of(self, request: Request) -> asyncio.Future[None]:
        """What a request that is ending can be waited for by."""
        if request.task is not None:
            return request.task
        if request.ended is None:
            request.ended = self._attempts.loop.create_future()
        return request.ended

    # Without a task

    def land(self, attempt: Attempt, answer: Answer, row: SettledRow) -> None:
        """Commit what came by a callback; `_landed` is called once it is durable."""
        try:
            rows, written = self._landing.rows(attempt.request, answer, row)
            then = partial(self._landed, attempt, answer, written)
            self._journal.commit_then(then, *rows)
        except Exception as error:  # noqa: BLE001 — a bug in one operation must not hang the others
            self._give_up(attempt, error)

    def _landed(
        self, attempt: Attempt, answer: Answer, written: Written, broken: BaseException | None
    ) -> None:
        request = attempt.request
        self._leave(request)
        try:
            if broken is None:
                self._landing.deliver(request, answer, written)
            elif isinstance(broken, Unrecordable):
                raise broken
            else:
                self._landing.stop(request, broken if isinstance(broken, TTSError) else None)
        except Exception as error:  # noqa: BLE001 — as above
            self._give_up(attempt, error)
            return
        self._attempts.leave(attempt)
        self._end(request)

    def _give_up(self, attempt: Attempt, error: Exception) -> None:
        self.by_task(attempt, error)
        self._attempts.loop.call_soon(self._attempts.leave, attempt)

    # By a task

    def by_task(self, attempt: Attempt, failed: Exception | None = None) -> None:
        """Go on by a task, from where an attempt stands, or after it failed."""
        request = attempt.request
        request.attempt = attempt
        request.task = self._group.create_task(self._carry(attempt, failed))

    async def _carry(self, attempt: Attempt, failed: Exception | None) -> None:
        request = attempt.request
        request.attempt = None
        try:
            await self._retries.carry(attempt, self._land, failed)
        except asyncio.CancelledError:
            self._leave(request)
            if request.task is not None and not request.task.cancelling():
                await self._landing.crash(request, Crashed("It cancelled itself."))
                return
            wanted = request.wanted
            self._landing.stop(request)
            if wanted:
                raise
        except Exception as error:  # noqa: BLE001 — a bug in one operation must not hang the others
            self._leave(request)
            await self._landing.crash(request, error)
        finally:
            self._end(request)

    async def _land(self, request: Request, answer: Answer, settled: SettledRow) -> None:
        rows, written = self._landing.rows(request, answer, settled)
        await self._journal.commit(*rows)
        self._leave(request)
        self._landing.deliver(request, answer, written)
