"""An in-process model server that misbehaves as told."""

from __future__ import annotations

import asyncio
from types import TracebackType
from typing import Self

from tts.backends.fault_server.plan import FaultPlan
from tts.backends.fault_server.record import Record
from tts.backends.fault_server.site import Site
from tts.backends.fault_server.wire import Wire


class FaultServer:
    """An OpenAI-compatible server on the loopback interface, used as `async with`.

    Answers are functions of (prompt, seed, draw), so a retried request gets the same text.
    """

    def __init__(self, plan: FaultPlan | None = None, *, port: int = 0) -> None:
        self._site = Site(plan or FaultPlan())
        self._port = port
        self._server: asyncio.Server | None = None
        self._wires: set[Wire] = set()

    @property
    def url(self) -> str:
        """The base URL that clients take, `/v1` included."""
        return f"http://127.0.0.1:{self._port}/v1"

    @property
    def record(self) -> Record:
        """What has been seen so far."""
        return self._site.record

    @property
    def plan(self) -> FaultPlan:
        return self._site.plan

    @plan.setter
    def plan(self, plan: FaultPlan) -> None:
        """Change what happens to requests from now on."""
        self._site.plan = plan

    async def start(self) -> None:
        """Listen; port 0 takes any free one."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(
            self._wire, "127.0.0.1", self._port, backlog=4096, reuse_address=True
        )
        self._port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Stop listening and drop every connection."""
        server, self._server = self._server, None
        if server is None:
            return
        server.close()
        for wire in self._wires:
            wire.abort()
        self._wires.clear()
        await asyncio.sleep(0)

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.stop()

    def _wire(self) -> Wire:
        wire = Wire(self._site.handle)
        self._wires.add(wire)
        self.record.connections += 1
        return wire
