"""`tts serve` as a process that benchmarks start, and one request to it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Self

import aiohttp

from tts.eval.bench.measuring import cpu_seconds

IN_FLIGHT = 64
BODY = {
    "model": "simulated",
    "max_tokens": 64,
    "messages": [{"role": "user", "content": "How far is post seven of the line? " * 4}],
}


class GatewayProcess:
    """`tts serve` in front of a server, used as `with`."""

    def __init__(self, url: str, folder: Path) -> None:
        self._url, self.ledger = url, folder / "gateway.db"
        self.url = ""

    def __enter__(self) -> Self:
        command = [sys.executable, "-m", "tts.cli", "serve", "--port", "0"]
        command += ["--ledger", str(self.ledger), "--model", "openai:simulated"]
        self._process = subprocess.Popen(
            [*command, "--base-url", self._url, "--no-adaptive"],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env={**os.environ, "XDG_CACHE_HOME": str(self.ledger.parent)},
        )
        assert self._process.stdout is not None
        self.url = self._process.stdout.readline().split()[0]
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.end()

    @property
    def pid(self) -> int:
        return self._process.pid

    def kill(self) -> None:
        """At once, as a machine may."""
        self._process.kill()

    def end(self) -> None:
        """In order: the ledger holds what was spent."""
        self._process.terminate()
        self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()

    @property
    def cpu(self) -> float:
        """Seconds of processor time so far."""
        return cpu_seconds(self._process.pid)


async def post(http: aiohttp.ClientSession, url: str) -> None:
    async with http.post(f"{url}/chat/completions", json=BODY) as response:
        reply = json.loads(await response.read())
        assert reply["choices"][0]["message"]["content"]
