"""The way to algebra: what may reach it, by its letters alone, and the few worker processes behind."""

from __future__ import annotations

import asyncio
import json
import os
import re
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from functools import lru_cache
from typing import Any, Literal, cast

from tts.values import AnswerKind

MAX_CHARACTERS = 4096
MAX_NESTING = 64
MAX_DIGIT_RUN = 256
MAX_DIGITS = 2048
MAX_FACTORIAL = 10_000
MAX_BINOMIAL = 10_000
MAX_EXPONENT = 9_999
MAX_ROOTS = 64
MAX_TERMS = 512

_DIGIT_RUN = re.compile(rf"[0-9]{{{MAX_DIGIT_RUN + 1},}}")
_ROOTS = re.compile(r"\\(?:sqrt|[dtc]?frac)(?![A-Za-z])")
_TERMS = re.compile(r"[-+*/]|\\(?:cdot|times)")
_FACTORIAL = re.compile(r"(?:([0-9]+)|([)}\]!]))\s*!(?!=)")
_BINOMIAL = re.compile(r"\\[dt]?binom|\\choose|\\[PC](?![A-Za-z])")
_LONG_NUMBER = re.compile(r"[0-9]{5,}")
_EXPONENT = re.compile(r"(?:\^|\*\*)\s*\{?\s*[-+]?\s*([0-9]{5,})")
MAX_TOWER = 2
"""Powers stacked on powers: `x^{y^z}` is the highest tower let through."""

_TOKEN = re.compile(r"\\[A-Za-z]+|[0-9][0-9.]*|\*\*|\S")
_SKIPPED = frozenset({"\\left", "\\right", "\\", "+", "-"})
BEFORE, AFTER = 64, 512
LAST = 65_536
"""Characters at the end of a text in which a stated answer is looked for."""
_ANCHORS = ("inal answer is", "inal Answer", "\\boxed")


def is_admissible(text: str) -> bool:
    """Whether algebra on a text is likely to end; the worker's deadline catches the rest."""
    return len(text) <= MAX_CHARACTERS and _is_modest(text)


@lru_cache(maxsize=1024)
def _is_modest(text: str) -> bool:
    """Asked twice of every text that comes near algebra, and again for each other answer it meets."""
    return is_shallow(text, nesting=MAX_NESTING) and _is_small(text)


def _is_small(text: str) -> bool:
    return not (
        _DIGIT_RUN.search(text)
        or sum(letter.isdigit() for letter in text) > MAX_DIGITS
        or len(_ROOTS.findall(text)) > MAX_ROOTS
        or len(_TERMS.findall(text)) > MAX_TERMS
        or _EXPONENT.search(text)
        or _has_large_factorial(text)
        or _has_large_binomial(text)
    )


def _has_large_factorial(text: str) -> bool:
    """Also true of the factorial of anything in brackets: its size cannot be read off."""
    return any(
        bracket or len(digits) > 5 or int(digits) > MAX_FACTORIAL
        for digits, bracket in _FACTORIAL.findall(text)
    )


def _has_large_binomial(text: str) -> bool:
    found = _BINOMIAL.search(text)
    return bool(found and ("^" in text[found.start() :] or _LONG_NUMBER.search(text)))


def is_shallow(text: str, *, nesting: int) -> bool:
    """Whether brackets nest at most `nesting` deep and no power tower exceeds `MAX_TOWER`.

    `a^b^c` stacks like `a^{b^{c}}`; a power beside another one does not stack.
    """
    outer: list[tuple[int, int]] = []
    floor = chain = 0
    exponent = False
    for found in _TOKEN.finditer(text):  # not `findall`: a deep text is left after a few
        token = found[0]
        if token in {"^", "**"}:
            chain, exponent = chain + 1, True
        elif token in {"{", "[", "("}:
            chain = chain if exponent else 0
            outer.append((floor, chain))
            floor, chain, exponent = floor + chain, 0, False
        elif token in {"}", "]", ")"}:
            floor, chain = outer.pop() if outer else (0, 0)
            exponent = False
        elif not (exponent and token in _SKIPPED):
            chain, exponent = (chain if exponent else 0), False
        if len(outer) > nesting or floor + chain > MAX_TOWER:
            return False
    return True


def window(text: str) -> str:
    """An admissible text as it is; of another one the surroundings of its last stated answer.

    Without a stated answer it stays inadmissible, so that nothing is guessed from it.
    """
    if is_admissible(text):
        return text
    anchor = max(text.rfind(words, max(0, len(text) - LAST)) for words in _ANCHORS)
    part = text[max(0, anchor - BEFORE) : anchor + AFTER]
    return part if anchor >= 0 and _is_closed(text[anchor : anchor + AFTER]) else text


def _is_closed(part: str) -> bool:
    """Whether every brace opened is closed again: a cut box states no answer."""
    return part.count("{") <= part.count("}")


Verdict = Literal["same", "different", "undecided"]
"""`undecided`: it was too large, took too long or broke; never a guess."""
EARLY_SECONDS = 0.4
"""A comparison that takes longer will probably be killed: its successor is started already."""
START_SECONDS = 30.0
CLOCK_SECONDS = 30.0
"""On the clock, for a comparison that is limited in processor time: a busy machine is not its fault."""
_PASSED_ON = ("PATH", "PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "LANG", "SYSTEMROOT")


class Pool:
    """Starts a process when one is needed and replaces one that was killed."""

    def __init__(self, size: int, *, seconds: float) -> None:
        self._slots = asyncio.Semaphore(size)
        self._seconds = seconds
        self._idle: list[WorkerProcess] = []
        self._spares: set[asyncio.Task[None]] = set()
        self._closed = False
        self.started = self.killed = 0

    async def compare(self, a: str, b: str, *, rounding: int, kind: AnswerKind) -> Verdict:
        """The verdict of algebra within so many seconds of processor time."""
        async with self._slots:
            if self._closed:
                return "undecided"
            worker = await self._worker()
            early = asyncio.get_running_loop().call_later(EARLY_SECONDS, self._prepare)
            try:
                return await worker.compare(
                    a, b, rounding=rounding, kind=kind, seconds=self._seconds
                )
            finally:
                early.cancel()
                self._put_back(worker)

    async def close(self) -> None:
        """Stop every process."""
        self._closed = True
        for spare in self._spares:
            spare.cancel()
        await asyncio.gather(*self._spares, return_exceptions=True)
        for worker in self._idle:
            await worker.stop()
        self._idle.clear()

    async def _worker(self) -> WorkerProcess:
        while self._spares and not self._idle:
            await asyncio.wait(self._spares, return_when=asyncio.FIRST_COMPLETED)
        return self._idle.pop() if self._idle else await self._start()

    async def _start(self) -> WorkerProcess:
        self.started += 1
        return await WorkerProcess.start()

    def _put_back(self, worker: WorkerProcess) -> None:
        if worker.alive:
            self._idle.append(worker)
            return
        self.killed += 1
        self._prepare()

    def _prepare(self) -> None:
        """Start the next process in the background, unless one is at hand."""
        if self._closed or self._idle or self._spares:
            return
        spare = asyncio.create_task(self._start_spare())
        self._spares.add(spare)
        spare.add_done_callback(self._spares.discard)

    async def _start_spare(self) -> None:
        try:
            worker = await self._start()
        except OSError:
            return
        self._idle.append(worker)


class WorkerProcess:
    """Asks one process one thing at a time; it is dead after any answer that did not come."""

    def __init__(self, process: Process) -> None:
        self._process = process
        self.alive = True

    @property
    def pid(self) -> int:
        return self._process.pid

    @classmethod
    async def start(cls) -> WorkerProcess:
        """A process that has said it is ready; the caller's secrets are not in its environment."""
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-P", "-m", "tts.equivalence.worker"),
            stdin=PIPE,
            stdout=PIPE,
            stderr=DEVNULL,
            env={name: os.environ[name] for name in _PASSED_ON if name in os.environ},
            start_new_session=True,
        )
        worker = cls(process)
        if await worker._exchange(None, START_SECONDS) is None:
            raise ChildProcessError("The equivalence worker did not start.")
        return worker

    async def compare(
        self, a: str, b: str, *, rounding: int, kind: AnswerKind, seconds: float
    ) -> Verdict:
        """The verdict, `undecided` once the processor time is over; the process ends then."""
        question = {"a": a, "b": b, "rounding": rounding, "kind": kind, "seconds": seconds}
        answer = await self._exchange(question, CLOCK_SECONDS)
        return cast(Verdict, answer["verdict"]) if answer else "undecided"

    async def stop(self) -> None:
        """Kill the process and wait until it is gone."""
        self.alive = False
        if self._process.returncode is None:
            self._process.kill()
        if self._process.stdin is not None:
            self._process.stdin.close()
        await self._process.wait()

    async def _exchange(self, question: Any, seconds: float) -> dict[str, Any] | None:
        finished = False
        try:
            async with asyncio.timeout(seconds):
                answer = await self._line(question)
            finished = answer is not None
            return answer
        except (TimeoutError, OSError, ValueError):
            return None
        finally:
            if not finished:
                await asyncio.shield(self.stop())

    async def _line(self, question: Any) -> dict[str, Any] | None:
        reader, writer = self._process.stdout, self._process.stdin
        assert reader is not None and writer is not None
        if question is not None:
            writer.write(json.dumps(question).encode() + b"\n")
            await writer.drain()
        line = await reader.readline()
        return cast(dict[str, Any], json.loads(line)) if line else None
