"""An answer as server-sent events: progress as comments, which ordinary clients skip."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator
from typing import Any, Protocol

import msgspec

from tts.gateway.answers import Outcome, begun
from tts.gateway.asking import Ask
from tts.gateway.desk import Desk
from tts.gateway.errors import ApiError, translated
from tts.gateway.wire import Send, comment, event, send_piece, start_stream
from tts.values import NOTHING, CandidateEvent, Event, SpendEvent, Usage

_encode = msgspec.json.encode


class Writer(Protocol):
    """Writes the events of one stream in a form of the API."""

    done: bytes
    """What ends the stream; empty: nothing does."""

    def opening(self) -> Iterator[dict[str, Any]]:
        """Before any text."""
        ...

    def piece(self, text: str) -> Iterator[dict[str, Any]]:
        """More of the only choice."""
        ...

    def closing(self, outcome: Outcome, sent: str) -> Iterator[dict[str, Any]]:
        """What is left once all is there; `sent`: the text of the only choice so far."""
        ...


async def stream(desk: Desk, ask: Ask, writer: Writer, send: Send) -> None:
    """Answer a request in pieces.

    Nothing is sent before there is something to say, so that a request that cannot be carried out
    gets its status; an error after that is an event, and no end of the stream stands behind it.
    """
    out = Outlet(desk, ask, writer, send)
    hears = ask.plain and ask.wish.n == 1 and not ask.sampling.stop
    hears = hears and not ask.wish.conversation.fields
    work = desk.solve(ask, tell=out.hear if hears else None, watch=out.progress.note)
    solving = asyncio.ensure_future(work)
    solving.add_done_callback(lambda _: out.woken.set())
    try:
        while not solving.done():
            await out.pass_on()
        await out.end(solving.result())
    except Exception as error:
        if not out.begun:
            raise
        await send_piece(send, event(translated(error).body), more=False)
    finally:
        solving.cancel()
        await asyncio.wait((solving,))


class Outlet:
    """What has been heard, and what of it was sent."""

    def __init__(self, desk: Desk, ask: Ask, writer: Writer, send: Send) -> None:
        self._ask, self._writer, self._send = ask, writer, send
        self._every, self._job = desk.settings.progress, ask.key.job
        self._heard: list[str] = []
        self._sent = ""
        self.begun = False
        self.woken = asyncio.Event()
        self.progress = Progress()

    def hear(self, text: str) -> None:
        self._heard.append(text)
        self.woken.set()

    async def pass_on(self) -> None:
        """Wait for news, or for as long as no progress may be silent, and send what there is."""
        try:
            async with asyncio.timeout(self._every):
                await self.woken.wait()
        except TimeoutError:
            if self.progress.under_way:
                await self._begin()
                await send_piece(self._send, self.progress.comment())
        self.woken.clear()
        text, self._heard = "".join(self._heard), []
        if text:
            await self._begin()
            self._sent += text
            await self._write(self._writer.piece(text))

    async def end(self, outcome: Outcome) -> None:
        text, self._heard = "".join(self._heard), []
        if not outcome.choices[0].text.startswith(self._sent + text):
            raise ApiError(502, "The answer broke off and was drawn again.", code="broken_stream")
        await self._begin()
        if text:
            self._sent += text
            await self._write(self._writer.piece(text))
        events = self._events(self._writer.closing(outcome, self._sent))
        told = comment(b"tts " + _encode(outcome.fields))
        done = event(self._writer.done) if self._writer.done else b""
        await send_piece(self._send, events + told + done, more=False)

    async def _begin(self) -> None:
        if not self.begun:
            self.begun = True
            await start_stream(self._send, begun(self._ask, self._job))
            await self._write(self._writer.opening())

    async def _write(self, fields: Iterable[dict[str, Any]]) -> None:
        await send_piece(self._send, self._events(fields))

    def _events(self, fields: Iterable[dict[str, Any]]) -> bytes:
        return b"".join(event(_encode(one), one.get("type", "")) for one in fields)


class Progress:
    """What the runs of a request have done so far."""

    def __init__(self) -> None:
        self._spent: Usage = NOTHING
        self._candidates = 0
        self._best: float | None = None
        self.under_way = False
        """Whether anything was asked for: the request can be carried out."""

    def note(self, event: Event) -> None:
        self.under_way = True
        if isinstance(event, SpendEvent):
            self._spent = self._spent + event.attributed
        elif isinstance(event, CandidateEvent) and event.score is None:
            self._candidates += 1
        elif isinstance(event, CandidateEvent) and event.score is not None:
            self._best = max(self._best or 0.0, event.score.value)

    def comment(self) -> bytes:
        """`: tts {"calls": …}`."""
        told = {
            "calls": self._spent.calls,
            "tokens": self._spent.tokens,
            "dollars": self._spent.dollars,
            "candidates": self._candidates,
            "best_score": self._best,
        }
        return comment(b"tts " + _encode(told))
