"""The simulated server's batch service: files in, files out, after a while."""

from __future__ import annotations

import time
from email.parser import BytesParser
from email.policy import HTTP
from itertools import count
from typing import Any
from urllib.parse import parse_qs, urlsplit

import msgspec
from msgspec import Raw, Struct

from tts.backends.fault_server.paths import SERVED
from tts.backends.fault_server.plan import FaultPlan
from tts.backends.fault_server.reply import reply
from tts.backends.fault_server.wire import header

BATCH_PATHS = ("/v1/files", "/v1/batches")


class BatchLine(Struct):
    """A request of a file."""

    custom_id: str
    body: Raw


class _Submitted(Struct):
    input_file_id: str
    endpoint: str
    metadata: dict[str, str] | None = None


class _Batch(Struct):
    asked: _Submitted
    at: float
    """Seconds of the monotonic clock at which it was submitted."""
    created: int
    output: str | None = None
    errors: str | None = None


_LINE = msgspec.json.Decoder(BatchLine)
Told = dict[str, Any] | bytes | None
"""An answer as JSON or as it is; None: there is no such thing."""


class Batches:
    """Keeps files and batches in memory."""

    def __init__(self) -> None:
        self._files: dict[str, bytes] = {}
        self._batches: dict[str, _Batch] = {}
        self._ids = count(1)
        self.lines: list[int] = []
        """Of each batch, in the order in which they were submitted."""

    def answer(self, method: str, target: str, head: bytes, body: bytes, plan: FaultPlan) -> Told:
        """What is said to a request at one of `BATCH_PATHS`."""
        url = urlsplit(target)
        kind, *rest = url.path.removeprefix("/v1/").split("/")
        if method == "POST":
            return self._upload(head, body) if kind == "files" else self._submit(body)
        if kind == "files":
            return self._files.get(rest[0]) if len(rest) == 2 else None
        if rest:
            found = self._batches.get(rest[0])
            return None if found is None else self._told(rest[0], found, plan)
        return self._list(parse_qs(url.query).get("after", [""])[0], plan)

    def _upload(self, head: bytes, body: bytes) -> dict[str, Any]:
        kind = header(head, "content-type").encode()
        message = BytesParser(policy=HTTP).parsebytes(b"Content-Type: " + kind + b"\r\n\r\n" + body)
        [content] = [
            part.get_payload(decode=True)
            for part in message.iter_parts()
            if part.get_filename() is not None
        ]
        assert isinstance(content, bytes)
        return {"id": self._keep(content), "object": "file", "purpose": "batch", "created_at": 0}

    def _keep(self, content: bytes) -> str:
        name = f"file-{next(self._ids)}"
        self._files[name] = content
        return name

    def _submit(self, body: bytes) -> dict[str, Any] | None:
        asked = msgspec.json.decode(body, type=_Submitted)
        held = self._files.get(asked.input_file_id)
        if held is None:
            return None
        name = f"batch-{next(self._ids)}"
        self._batches[name] = _Batch(asked, time.monotonic(), int(time.time()))
        self.lines.append(len(held.splitlines()))
        return self._shown(name, self._batches[name], "validating")

    def _list(self, after: str, plan: FaultPlan) -> dict[str, Any]:
        """Two a page, the newest first."""
        names = list(reversed(self._batches))
        start = names.index(after) + 1 if after else 0
        page = names[start : start + 2]
        data = [self._told(name, self._batches[name], plan) for name in page]
        return {
            "object": "list",
            "data": data,
            "has_more": start + 2 < len(names),
            "last_id": page[-1] if page else None,
        }

    def _told(self, name: str, batch: _Batch, plan: FaultPlan) -> dict[str, Any]:
        if time.monotonic() - batch.at < plan.batch_seconds:
            return self._shown(name, batch, "in_progress")
        if plan.batch_end != "failed" and batch.output is None:
            self._work(batch, plan)
        return self._shown(name, batch, plan.batch_end)

    def _work(self, batch: _Batch, plan: FaultPlan) -> None:
        lines = [_LINE.decode(line) for line in self._files[batch.asked.input_file_id].splitlines()]
        done = lines[: len(lines) // 2] if plan.batch_end == "expired" else lines
        failing = [line for line in done if plan.fails_on and plan.fails_on in bytes(line.body)]
        good = [_answered(line, plan) for line in done if line not in failing]
        batch.output = self._keep(b"\n".join(_noisy(good) if plan.batch_noise else good))
        batch.errors = self._keep(b"\n".join(map(_failed, failing)))

    def _shown(self, name: str, batch: _Batch, status: str) -> dict[str, Any]:
        failed = {"data": [{"code": "invalid", "message": "the file is not valid"}]}
        return {
            "id": name,
            "object": "batch",
            "endpoint": batch.asked.endpoint,
            "completion_window": "24h",
            "created_at": batch.created,
            "input_file_id": batch.asked.input_file_id,
            "status": status,
            "output_file_id": batch.output,
            "error_file_id": batch.errors,
            "metadata": batch.asked.metadata,
            "errors": failed if status == "failed" else None,
        }


def _answered(line: BatchLine, plan: FaultPlan) -> bytes:
    told = {"status_code": 200, "body": reply(SERVED.decode(line.body), plan)}
    return msgspec.json.encode({"custom_id": line.custom_id, "response": told, "error": None})


def _failed(line: BatchLine) -> bytes:
    body = {"error": {"message": "injected"}}
    told = {"status_code": 500, "body": body}
    return msgspec.json.encode({"custom_id": line.custom_id, "response": told, "error": None})


def _noisy(lines: list[bytes]) -> list[bytes]:
    strange = b'{"custom_id": "nobody", "response": {"status_code": 200, "body": {}}}'
    return [strange, *reversed(lines), *lines, lines[0][: len(lines[0]) // 2]]
