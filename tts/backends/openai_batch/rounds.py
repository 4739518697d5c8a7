"""Calls become rounds: whatever is asked for together travels in one file.

What was submitted is known from the provider's own list, by the name of each call, so a process that
was killed finds its batches again and pays for none of their lines twice.
"""

from __future__ import annotations

import asyncio
import logging
import time
from asyncio import Future
from collections.abc import Coroutine, Mapping

import msgspec
from msgspec import Raw, Struct

from tts.backends.openai_batch.provider import BatchProvider, BatchState
from tts.backends.openai_http.errors import refusal
from tts.errors import BadReply, BadRequest, CallError, Unavailable

QUIET = 2.0
"""Seconds without a new call after which a round is complete."""
MOST_LINES, MOST_BYTES = 50_000, 190_000_000
"""Of one file, as OpenAI limits it."""
POLLS = (1.0, 60.0)
"""Seconds between two looks at a batch, at first and at most; each is half as long again."""
REMEMBERED = 2 * 86400.0
"""Seconds for which a provider's batches are looked through: twice as long as one may take."""

_LOG = logging.getLogger("tts")


class _Line(Struct, frozen=True):
    """A request of a file."""

    custom_id: str
    method: str
    url: str
    body: Raw


class _Named(Struct, frozen=True):
    custom_id: str = ""


class _Response(Struct, frozen=True):
    status_code: int = 0
    body: Raw = Raw(b"null")


class _Error(Struct, frozen=True):
    code: str | None = None
    message: str | None = None


class _Answer(Struct, frozen=True):
    """A line of an output or an error file."""

    custom_id: str = ""
    response: _Response | None = None
    error: _Error | None = None


_ANSWER = msgspec.json.Decoder(_Answer)
_NAMED = msgspec.json.Decoder(_Named)


class Rounds:
    """Collects calls of one model and path, sends them by the file, hands answers to who waits.

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
        self._line: dict[str, bytes] = {}
        """Calls that no file holds yet, encoded, by name."""
        self._answers: dict[str, Future[bytes]] = {}
        """By name: what is asked for, and what was submitted by a process before."""
        self._found = asyncio.Lock()
        self._looked = False
        self._timer: asyncio.TimerHandle | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def ask(self, name: str, body: bytes) -> bytes:
        """The body of the answer to a call; a name stands for one draw, whoever asks for it.

        Raises `CallError`. Cancelled, it leaves the line in its file: a batch is not taken back.
        """
        await self._recover()
        answer = self._answers.get(name)
        if answer is None:
            answer = self._answers[name] = asyncio.get_running_loop().create_future()
            line = _Line(name, "POST", f"/v1{self._path}", Raw(body))
            self._line[name] = msgspec.json.encode(line)
            self._arm()
        try:
            return await asyncio.shield(answer)
        except CallError:
            self._answers.pop(name, None)  # a further attempt is a new line
            raise

    async def close(self) -> None:
        """Stop waiting. What was submitted stays so, and is found again."""
        open_ones = sum(not answer.done() for answer in self._answers.values()) - len(self._line)
        if open_ones > 0:
            _LOG.warning(
                f"{open_ones} calls are in submitted batches: the same command collects them."
            )
        if self._timer is not None:
            self._timer.cancel()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for answer in self._answers.values():
            answer.cancel()
        await self._provider.close()

    def _arm(self) -> None:
        """The round is complete when nothing comes any more, or when its file is full."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        size = sum(map(len, self._line.values())) if len(self._line) % 1000 == 0 else 0
        if len(self._line) >= self._most_lines or size >= MOST_BYTES // 2:
            self._send()
        else:
            self._timer = asyncio.get_running_loop().call_later(self._quiet, self._send)

    def _send(self) -> None:
        lines, self._line, self._timer = self._line, {}, None
        if lines:
            self._start(self._submit(lines))

    def _start(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _submit(self, lines: Mapping[str, bytes]) -> None:
        try:
            batch = await self._provider.submit(
                b"\n".join(lines.values()) + b"\n", path=self._path, model=self._model
            )
        except CallError as error:
            self._fail(lines, error)
            return
        _LOG.info(f"Batch {batch.id}: {len(lines)} calls.")
        await self._collect(batch, lines)

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
        named = (_NAMED.decode(line).custom_id for line in held.splitlines() if line.strip())
        names = [name for name in named if name not in self._answers]
        loop = asyncio.get_running_loop()
        for name in names:
            self._answers[name] = loop.create_future()
        if names:
            self._start(self._collect(batch, dict.fromkeys(names, b"")))

    async def _collect(self, batch: BatchState, lines: Mapping[str, bytes]) -> None:
        """Wait for a batch and hand out what it brought; each line that is missing has failed."""
        try:
            ended = await self._ended(batch)
            for file in (ended.output_file, ended.error_file):
                if file is not None:
                    self._hand_out(await self._provider.content(file), lines)
        except CallError as error:
            self._fail(lines, error)
            return
        if ended.status == "failed":
            self._fail(lines, BadRequest(f"Batch {batch.id} was refused: {ended.reason}"))
        else:
            self._fail(lines, Unavailable(f"Batch {batch.id} {ended.status} without this call."))

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

    def _hand_out(self, content: bytes, lines: Mapping[str, bytes]) -> None:
        """Lines in any order, twice, or of calls that nobody asked: matched by name alone."""
        for line in content.splitlines():
            if not line.strip():
                continue
            try:
                told = _ANSWER.decode(line)
            except msgspec.MsgspecError:
                continue  # whose it was is not known: it counts as missing
            answer = self._answers.get(told.custom_id)
            if told.custom_id in lines and answer is not None and not answer.done():
                _settle(answer, told)

    def _fail(self, lines: Mapping[str, bytes], error: CallError) -> None:
        for name in lines:
            answer = self._answers.get(name)
            if answer is not None and not answer.done():
                _refuse(answer, type(error)(*error.args, retry_after=error.retry_after))


def _settle(answer: Future[bytes], told: _Answer) -> None:
    response = told.response
    if response is not None and response.status_code == 200:
        answer.set_result(bytes(response.body))
    elif response is not None and response.status_code:
        _refuse(answer, refusal(response.status_code, {}, bytes(response.body)))
    elif told.error is not None:
        said = f"{told.error.code}: {told.error.message}"
        expired = told.error.code in ("batch_expired", "batch_cancelled")
        _refuse(answer, Unavailable(said) if expired else BadReply(said))
    else:
        _refuse(answer, BadReply("A line of the batch holds neither an answer nor an error."))


def _refuse(answer: Future[bytes], error: CallError) -> None:
    answer.set_exception(error)
    answer.exception()  # somebody may ask later: it is not lost, and no warning is due
