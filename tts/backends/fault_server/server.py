"""An in-process model server that misbehaves as told, and what it saw."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping
from functools import partial
from hashlib import blake2b
from random import Random
from time import monotonic
from types import TracebackType
from typing import Any, Self

import msgspec
from msgspec import Struct

from tts.backends.fault_server.batches import BATCH_PATHS, Batches
from tts.backends.fault_server.paths import (
    SERVED,
    ServedRequest,
    classified,
    detokenize,
    embeddings,
    models,
    pooling,
    tokenize,
)
from tts.backends.fault_server.plan import Fault, FaultPlan
from tts.backends.fault_server.quirks import error, events, heeded, refused, whole
from tts.backends.fault_server.reply import bill_of, draws, reply, stream_events
from tts.backends.fault_server.wire import Wire, deliver, deliver_stream, header

_GENERATES = frozenset({"/v1/chat/completions", "/v1/completions"})
_HEADS: Mapping[str, Callable[[bytes], dict[str, Any]]] = {
    "/pooling": pooling,
    "/classify": classified,
    "/embeddings": embeddings,
}


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
        """The base URL that clients take, `/v1` included, or what stands in its place."""
        return f"http://127.0.0.1:{self._port}{self.plan.base}"

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


class Site:
    """Routes requests, lets them meet their faults and keeps the record."""

    def __init__(self, plan: FaultPlan) -> None:
        self.plan = plan
        self.record = Record(keep=plan.keep_records)
        self.batches = Batches()

    def handle(self, wire: Wire, method: str, path: str, head: bytes, body: bytes) -> None:
        """Take one request."""
        if self.plan.base != "/v1" and path.startswith(f"{self.plan.base}/"):
            path = f"/v1{path.removeprefix(self.plan.base)}"
        if self.plan.api_key and header(head, "authorization") != f"Bearer {self.plan.api_key}":
            said = b'{"error":{"message":"Incorrect API key provided","code":"invalid_api_key"}}'
            wire.respond(401, {}, said)
        elif path.startswith(BATCH_PATHS):
            self._batch(wire, method, path, head, body)
        elif path in _GENERATES or path.endswith(tuple(_HEADS)):
            self._call(wire, path, head, body)
        else:
            self._side(wire, path, body)

    def _call(self, wire: Wire, path: str, head: bytes, body: bytes) -> None:
        number = self.record.arrive(self._seen(path, head, body))
        wire.on_lost, wire.on_done = self._lost, self._done
        rng = Random(self.plan.seed * 1_000_003 + number) if self._random else None
        fault = self._fault(number, rng)
        if fault:
            self.record.faults[fault.kind] += 1
        delay = self.plan.latency.draw(rng) if rng else self.plan.latency.median
        if self.plan.latency_by == "body":
            delay = self.plan.seconds_for(body)
        head_of = next((one for end, one in _HEADS.items() if path.endswith(end)), None)
        answer = (
            partial(self._answer, wire, body, fault)
            if head_of is None
            else partial(self._pool, wire, partial(head_of, body), fault)
        )
        if delay > 0:
            asyncio.get_running_loop().call_later(delay, answer)
        else:
            answer()

    @property
    def _random(self) -> bool:
        return self.plan.rate > 0 or self.plan.latency.kind != "fixed"

    def _seen(self, path: str, head: bytes, body: bytes) -> Seen:
        digest = blake2b(body, digest_size=16).hexdigest()
        return Seen(monotonic(), path, digest, header(head, "authorization"), body)

    def _fault(self, number: int, rng: Random | None) -> Fault | None:
        script = self.plan.script
        if script and (self.plan.repeat or number < len(script)):
            return script[number % len(script)]
        if rng and self.plan.mix and rng.random() < self.plan.rate:
            return rng.choice(self.plan.mix)
        return None

    def _answer(self, wire: Wire, body: bytes, fault: Fault | None) -> None:
        if wire.closed:
            return
        asked = heeded(SERVED.decode(body), self.plan)
        if self.plan.fails_on and self.plan.fails_on in body:
            fault = Fault(kind="status", status=500)
        if said := refused(asked, self.plan):
            wire.respond(400, {}, error(said, self.plan))
        elif asked.stream and (fault is None or fault.kind.startswith("stream")):
            drawn = draws(asked, self.plan)
            self.record.tokens += bill_of(asked, drawn, self.plan)
            shown = events(stream_events(asked, drawn, self.plan), self.plan)
            deliver_stream(wire, shown, fault, self.plan.chunk_seconds)
        else:
            self._whole(wire, asked, fault)

    def _whole(self, wire: Wire, asked: ServedRequest, fault: Fault | None) -> None:
        told = partial(self._reply, asked)
        if fault is None:
            wire.answer(whole(msgspec.json.encode(told()), self.plan))
        else:
            deliver(wire, fault, told)

    def _reply(self, asked: ServedRequest) -> dict[str, Any]:
        told = reply(asked, self.plan)
        if bill := told.get("usage"):
            self.record.tokens += bill["total_tokens"]
        else:
            self.record.tokens += bill_of(asked, draws(asked, self.plan), self.plan)
        return told

    def _pool(self, wire: Wire, told: Callable[[], dict[str, Any]], fault: Fault | None) -> None:
        if fault is None:
            wire.answer(msgspec.json.encode(told()))
        else:
            deliver(wire, fault, told)

    def _batch(self, wire: Wire, method: str, path: str, head: bytes, body: bytes) -> None:
        answered = self.batches.answer(method, path, head, body, self.plan)
        self.record.batched = self.batches.lines
        if isinstance(answered, bytes):
            wire.answer(answered)
        elif answered is None:
            wire.respond(404, {}, b'{"error":{"message":"no such file or batch"}}')
        else:
            wire.answer(msgspec.json.encode(answered))

    def _side(self, wire: Wire, path: str, body: bytes) -> None:
        answered: Any = None
        if path == "/v1/models" and self.plan.lists is not None:
            return deliver(wire, self.plan.lists, partial(models, self.plan.dialect))
        if path == "/v1/models":
            answered = models(self.plan.dialect)
        elif path == "/props" and self.plan.dialect == "llama_cpp":
            answered = {"total_slots": self.plan.slots}
        elif path == "/tokenize" and self.plan.dialect == "vllm":
            answered = tokenize(body, trims=self.plan.trims_prefix)
        elif path == "/detokenize" and self.plan.dialect == "vllm":
            answered = detokenize(body)
        if answered is None:
            wire.respond(404, {}, b'{"error":{"message":"no such path"}}')
        else:
            wire.answer(msgspec.json.encode(answered))

    def _done(self) -> None:
        self.record.in_flight -= 1
        self.record.answered += 1

    def _lost(self) -> None:
        self.record.in_flight -= 1
        self.record.cancelled += 1


class Seen(Struct, frozen=True, gc=False):
    """One generation request."""

    arrived: float
    """Seconds of the monotonic clock."""
    path: str
    digest: str
    """BLAKE2 of the body: equal requests have equal digests."""
    authorization: str
    body: bytes


class Record:
    """Counts kept by the server; `in_flight` are requests without a finished answer."""

    def __init__(self, *, keep: bool) -> None:
        self._keep = keep
        self.seen: list[Seen] = []
        self.digests: Counter[str] = Counter()
        self.requests = 0
        self.answered = 0
        self.in_flight = 0
        self.most_in_flight = 0
        self.cancelled = 0
        """Requests whose client left before the answer was complete."""
        self.tokens = 0
        """Of prompts and draws that were really made, whatever became of the answer or stands in it."""
        self.connections = 0
        self.batched: list[int] = []
        """Lines of each batch, in the order in which they were submitted."""
        self.faults: Counter[str] = Counter()

    def arrive(self, seen: Seen) -> int:
        """Note a request; its arrival number."""
        self.requests += 1
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        if self._keep:
            self.seen.append(seen)
            self.digests[seen.digest] += 1
        return self.requests - 1

    @property
    def arrivals(self) -> list[float]:
        """When each request came, in seconds of the monotonic clock."""
        return [seen.arrived for seen in self.seen]
