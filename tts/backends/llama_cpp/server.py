"""A served model as a `with` block."""

from __future__ import annotations

import os
import select
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryFile
from types import TracebackType
from typing import IO, Self

import msgspec

from tts.backends.llama_cpp.child import Said, Settings
from tts.errors import UsageError

READY = 120.0
"""Seconds in which a model is loaded, even a large one from a slow disk."""
GENTLE = 5.0
"""Seconds in which the process may end by itself."""


class LlamaServer:
    """Serves a GGUF file on the loopback for as long as the block lasts.

    The process ends with this one, also where that is killed: it waits for the end of a pipe.

    Args:
        model: the GGUF file.
        name: what the server calls the model.
        context: tokens of one request, prompt and answer together.
        slots: requests at once; the context's memory is paid for each.
        embeddings: also serve `/embeddings`.
        threads: of the processor; None: all but one, for they wait by spinning.
        port: 0: any that is free.
        ready: seconds in which the model has to be loaded.
        command: what is started; another one for tests.
    """

    def __init__(
        self,
        model: Path,
        *,
        name: str,
        context: int = 1024,
        slots: int = 8,
        embeddings: bool = False,
        threads: int | None = None,
        port: int = 0,
        ready: float = READY,
        command: tuple[str, ...] = (sys.executable, "-m", "tts.backends.llama_cpp.child"),
    ) -> None:
        self.settings = Settings(
            model=str(model),
            name=name,
            context=context,
            slots=slots,
            embeddings=embeddings,
            threads=threads or max(1, (os.cpu_count() or 1) - 1),
            port=port,
        )
        self._command, self._ready = command, ready
        self._process: subprocess.Popen[bytes] | None = None
        self.url = ""
        """Of its OpenAI-compatible interface, once it serves."""

    def __enter__(self) -> Self:
        with TemporaryFile() as heard:
            self._process = subprocess.Popen(
                self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=heard
            )
            try:
                said = self._first_words(self._process)
            except BaseException:
                self.close()
                raise
            if said.error or not said.url:
                self.close()
                raise UsageError(self._why(said.error or last_line(heard)))
        self.url = f"{said.url.rstrip('/')}/v1"
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def process(self) -> int:
        """Its id while it serves; ProcessLookupError where there is none."""
        if self._process is None:
            raise ProcessLookupError("the server is not running")
        return self._process.pid

    def close(self) -> None:
        """End the process; harmless where there is none."""
        process, self._process = self._process, None
        if process is None:
            return
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                pipe.close()
        try:
            process.wait(GENTLE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def _first_words(self, process: subprocess.Popen[bytes]) -> Said:
        assert process.stdin is not None and process.stdout is not None
        try:
            process.stdin.write(msgspec.json.encode(self.settings) + b"\n")
            process.stdin.flush()
        except BrokenPipeError:
            return Said()
        ready, _, _ = select.select([process.stdout], [], [], self._ready)
        if not ready:
            return Said(error=f"it was not loaded within {self._ready:g} s")
        line = process.stdout.readline()
        try:
            return msgspec.json.decode(line, type=Said)
        except msgspec.MsgspecError:
            return Said()

    def _why(self, said: str) -> str:
        if "xllamacpp is not installed" in said:
            return "Serving a GGUF file needs xllamacpp: pip install 'tts-engine[real]'."
        where = f" on port {self.settings.port}" if self.settings.port else ""
        return f"llama.cpp cannot serve {self.settings.model}{where}: {said or 'it ended at once'}."


def last_line(heard: IO[bytes]) -> str:
    """What a process said last on its standard error."""
    heard.seek(0)
    lines = [line for line in heard.read().decode("utf-8", "replace").splitlines() if line.strip()]
    return lines[-1].strip() if lines else ""
