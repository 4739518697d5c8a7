"""Calls become rounds: whatever is asked for together travels in one file.

What was submitted is known from the provider's own list, by the name of each call, so a process that
was killed finds its batches again and pays for none of their lines twice. What was not submitted has
cost nothing, and is on no record.
"""

from __future__ import annotations

import asyncio
import logging
import time
from asyncio import Future
from collections.abc import Coroutine, Mapping

from tts.backends.openai_batch.lines import answers_in, line_of, names_in
from tts.backends.openai_batch.provider import BatchProvider, BatchState
from tts.errors import BadRequest, CallError, TTSError, Unavailable
from tts.protocols import Leave

QUIET = 2.0
"""Seconds without a new call after which a round is complete."""
MOST_LINES, MOST_BYTES = 50_000, 190_000_000
"""Of one file, as OpenAI limits it."""
POLLS = (1.0, 60.0)
"""Seconds between two looks at a batch, at first and at most; each is half as long again."""
REMEMBERED = 2 * 86400.0
"""Seconds for which a provider's batches are looked through: twice as long as one may take."""

_LOG = logging.getLogger("tts")


class _Call:
    """A call by its name: who waits for its file to leave, and what becomes of it."""

    __slots__ = ("answer", "askers", "line")

    def __init__(self, line: bytes = b"") -> None:
        self.line = line
        """Encoded; empty once it has left."""
        self.askers: list[Leave | None] = []
        """While it has not left: one of each who asked."""
        self.answer: Future[bytes] = asyncio.get_running_loop().create_future()

    @property
    def wanted(self) -> bool:
        """Whether somebody waits for it to leave."""
        return bool(self.askers)

    def join(self, leave: Leave | None) -> None:
        if self.line:
            self.askers.append(leave)

    def part(self, leave: Leave | None) -> None:
        if leave in self.askers:
            self.askers.remove(leave)

    def left(self) -> bytes:
        """Its line, which can be taken back no more."""
        line, self.line = self.line, b""
        self.askers.clear()
        return line

    def settle(self, outcome: bytes | TTSError) -> None:
        """The first word counts."""
        if self.answer.done():
            return
        if isinstance(outcome, bytes):
            self.answer.set_result(outcome)
        else:
            self.answer.set_exception(outcome)
            self.answer.exception()  # somebody may ask later: it is not lost, and no warning is due


class Rounds:
    """Collects calls of one model and path, sends them by the file, hands answers to who waits.

    Guarantee: a file leaves once all of its calls are on record, and holds none that nobody wants.

    `quiet`, `polls`: seconds, see the constants of this module.
    """

    def __init__(
        self,
        provider: BatchProvider,
        *,
        path: str,
        model: str,
        quiet: float = QUIET,
        most_lines: int = MOST_LINES,
        polls: tuple[float, float] = POLLS,
    ) -> None:
        self._provider, self._path, self._model = provider, path, model
        self._quiet, self._most_lines, self._polls = quiet, most_lines, polls
        self._calls: dict[str, _Call] = {}
        """By name: what is asked for, and what was submitted by a process before."""
        self._round: dict[str, _Call] = {}
        """Those that no file holds yet."""
        self._found = asyncio.Lock()
        self._looked = False
        self._timer: asyncio.TimerHandle | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def unsent(self) -> int:
        """Calls that no provider has heard of."""
        return sum(bool(call.line) for call in self._calls.values())

    async def ask(self, name: str, body: bytes, leave: Leave | None = None) -> bytes:
        """The body of the answer to a call; a name stands for one draw, whoever asks for it.

        `leave` is awaited before the file of this call leaves, and never where another's did.
        Raises `CallError`. Cancelled, it takes back its line, or leaves it where the file has left:
        a batch is not taken back.
        """
        await self._recover()
        call = self._calls.get(name)
        if call is None:
            call = self._calls[name] = self._round[name] = _Call(line_of(name, self._path, body))
            self._arm()
        call.join(leave)
        try:
            return await asyncio.shield(call.answer)
        except TTSError:
            self._forget(name, call)  # a further attempt is a new line
            raise
        except asyncio.CancelledError:
            call.part(leave)
            if call.line and not call.wanted:
                self._forget(name, call)
            raise

    async def close(self) -> None:
        """Stop waiting. What was submitted stays so, and is found again."""
        open_ones = sum(not call.answer.done() for call in self._calls.values()) - self.unsent
        if open_ones > 0:
            _LOG.warning(
                f"{open_ones} calls are in submitted batches: the same command collects them."
            )
        if self._timer is not None:
            self._timer.cancel()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for call in self._calls.values():
            call.answer.cancel()
        await self._provider.close()

    def _forget(self, name: str, call: _Call) -> None:
        """Who asks for it again has it sent."""
        for known in (self._calls, self._round):
            if known.get(name) is call:
                del known[name]

    def _arm(self) -> None:
        """The round is complete when nothing comes any more, or when its file is full."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        lines = len(self._round)
        size = sum(len(call.line) for call in self._round.values()) if lines % 1000 == 0 else 0
        if lines >= self._most_lines or size >= MOST_BYTES // 2:
            self._send()
        else:
            self._timer = asyncio.get_running_loop().call_later(self._quiet, self._send)

    def _send(self) -> None:
        calls, self._round, self._timer = self._round, {}, None
        if calls:
            self._start(self._submit(calls))

    def _start(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _submit(self, calls: Mapping[str, _Call]) -> None:
        try:
            await _on_record(calls)
            calls = {name: call for name, call in calls.items() if call.wanted}
            if calls:
                lines = b"".join(call.left() + b"\n" for call in calls.values())
                batch = await self._provider.submit(lines, path=self._path, model=self._model)
                _LOG.info(f"Batch {batch.id}: {len(calls)} calls.")
                await self._collect(batch, calls)
        except TTSError as error:
            _fail(calls, error)

    async def _recover(self) -> None:
        """Once: find what a process before submitted, by the names in the files of its batches."""
        async with self._found:
            if self._looked:
                return
            async for batch in self._provider.listed(since=time.time() - REMEMBERED):
                if batch.model == self._model and batch.status not in ("failed", "cancelled"):
                    await self._adopt(batch)
            self._looked = True

    async def _adopt(self, batch: BatchState) -> None:
        held = await self._provider.content(batch.input_file)
        found = {name: _Call() for name in names_in(held) if name not in self._calls}
        self._calls |= found
        if found:
            self._start(self._collect(batch, found))

    async def _collect(self, batch: BatchState, calls: Mapping[str, _Call]) -> None:
        """Wait for a batch and hand out what it brought, in whatever order, some of it twice or of
        calls that nobody asked; each line that is missing has failed."""
        try:
            ended = await self._ended(batch)
            for file in (ended.output_file, ended.error_file):
                if file is not None:
                    for name, outcome in answers_in(await self._provider.content(file)):
                        if name in calls:
                            calls[name].settle(outcome)
        except CallError as error:
            _fail(calls, error)
            return
        if ended.status == "failed":
            _fail(calls, BadRequest(f"Batch {batch.id} was refused: {ended.reason}"))
        else:
            _fail(calls, Unavailable(f"Batch {batch.id} {ended.status} without this call."))

    async def _ended(self, batch: BatchState) -> BatchState:
        wait, longest = self._polls
        while not batch.ended:
            await asyncio.sleep(wait)
            wait = min(longest, 1.5 * wait)
            try:
                batch = await self._provider.state(batch.id)
            except CallError as error:
                if not error.retryable:
                    raise
        return batch


async def _on_record(calls: Mapping[str, _Call]) -> None:
    """Until everybody who waits has written down that it leaves; raises what kept one from it."""
    leaves = [leave for call in calls.values() for leave in call.askers if leave is not None]
    said = await asyncio.gather(*(leave() for leave in leaves), return_exceptions=True)
    for failed in said:
        if isinstance(failed, BaseException):
            raise failed


def _fail(calls: Mapping[str, _Call], error: TTSError) -> None:
    """An error of its own for each that waits still."""
    for call in calls.values():
        if isinstance(error, CallError):
            call.settle(type(error)(*error.args, retry_after=error.retry_after))
        else:
            call.settle(error)
