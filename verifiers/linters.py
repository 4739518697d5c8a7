"""Programs that read programs: ruff and bandit by their command lines, and what they find.

A linter is a separate program with releases of its own, so it is asked as one: source in by standard
input, findings out as JSON. Its release is part of what is known of a finding.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, Protocol

import msgspec
from msgspec import Struct

from tts.errors import Crashed, UsageError

LinterName = Literal["ruff", "bandit"]
LINTERS: tuple[LinterName, ...] = ("ruff", "bandit")
BROKEN = "invalid-syntax"
"""The rule of a program that cannot be compiled."""
WEIGHTS: Mapping[str, float] = {
    **dict.fromkeys(("F5", "F7", "F82", "PLE"), 3.0),
    **dict.fromkeys(("S", "HIGH"), 2.0),
    **dict.fromkeys(("F", "B", "MEDIUM"), 1.0),
    **dict.fromkeys(("F401", "F84", "LOW"), 0.25),
}
"""By the longest beginning of a rule of ruff, or by bandit's severity: what fails when it is run
(unknown names, wrong formats, a return outside of a function) before what is unsafe, before what is
likely a mistake, before what is only left over. Set before anything was measured with them."""
RULES = ("E9", "F", "PLE", "B", "S")
"""Ruff's stable rules on mistakes and on security; of form alone none."""
LEFT_OUT: Mapping[LinterName, str] = {"ruff": "S101,F811", "bandit": "B101"}
"""An assertion is no danger in a program that is an answer, and a whole one stands behind the head in
its prompt, which it defines again."""
ASKED: Mapping[LinterName, tuple[str, ...]] = {
    "ruff": (
        *("check", "--isolated", "--no-cache", "--ignore-noqa", "--output-format=json"),
        *(f"--select={','.join(RULES)}", f"--ignore={LEFT_OUT['ruff']}", "-"),
    ),
    "bandit": ("--quiet", "--format=json", "--ignore-nosec", f"--skip={LEFT_OUT['bandit']}", "-"),
}
"""Arguments: no settings of this machine, no comments of the program's own that silence a rule."""
PATIENCE = 60.0
"""Seconds for one program; a machine that others keep busy is slow."""


class Finding(Struct, frozen=True):
    """What a linter has to say of one place."""

    rule: str
    weight: float


class Linter(Protocol):
    """What reads a program without running it."""

    @property
    def identity(self) -> str:
        """Name and release."""
        ...

    async def findings(self, source: str) -> tuple[Finding, ...]:
        """What is wrong with a program; raises `Crashed` where the linter itself failed."""
        ...


class KnownFindings:
    """A linter that says what it is told: by a word that stands in a program, its finding."""

    identity = "known"

    def __init__(self, told: Mapping[str, Finding]) -> None:
        self._told = told

    async def findings(self, source: str) -> tuple[Finding, ...]:
        return tuple(one for word, one in self._told.items() if word in source)


class CommandLinter:
    """Ruff or bandit, asked by its command line; at most as many at once as there are cores."""

    def __init__(self, name: LinterName, command: Sequence[str], version: str) -> None:
        self.name, self._command = name, (*command, *ASKED[name])
        self.identity = f"{name} {version}"
        self._turns = asyncio.Semaphore(os.cpu_count() or 1)

    async def findings(self, source: str) -> tuple[Finding, ...]:
        async with self._turns:
            code, said = await answered(self._command, source)
        try:
            if code not in (0, 1):
                raise ValueError(f"exit code {code}")
            return tuple(_READ[self.name](msgspec.json.decode(said)))
        except (ValueError, KeyError, TypeError) as error:
            raise Crashed(f"{self.name} gave no findings that can be read: {error}.") from error


async def open_linter(name: LinterName, places: Sequence[str] = ()) -> CommandLinter:
    """A linter beside this Python or on the PATH; `places` are folders to look in instead.

    Raises `UsageError` where it is not installed or does not run.
    """
    where = os.pathsep.join(
        places or (str(Path(sys.executable).parent), os.environ.get("PATH", ""))
    )
    found = shutil.which(name, path=where)
    if found is None:
        raise UsageError(
            f"The verifier lint needs {name}, which is not installed: pip install 'tts-engine[lint]'."
        )
    code, said = await answered((found, "--version"), "")
    words = said.decode("utf-8", "replace").split()
    if code or len(words) < 2:
        raise UsageError(f"{found} --version ended with exit code {code}: it cannot be used.")
    return CommandLinter(name, (found,), words[1])


async def answered(command: Sequence[str], source: str) -> tuple[int, bytes]:
    """Exit code and output of a command that reads a text; raises `Crashed` where it gives none."""
    try:
        process = await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )
    except OSError as error:
        raise Crashed(f"{command[0]} cannot be started: {error.strerror}.") from error
    try:
        async with asyncio.timeout(PATIENCE):
            said, _ = await process.communicate(source.encode("utf-8", "replace"))
    except TimeoutError as error:
        raise Crashed(f"{command[0]} did not end within {PATIENCE:g} s.") from error
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return process.returncode or 0, said


def weight_of(rule: str) -> float:
    """By the longest beginning of the rule that has a weight; a rule without one weighs 1."""
    known = [part for part in WEIGHTS if rule.startswith(part)]
    return WEIGHTS[max(known, key=len)] if known else 1.0


def _of_ruff(told: Any) -> Iterator[Finding]:
    for one in told:
        rule = str(one["code"] or BROKEN)
        yield Finding(rule, weight_of(rule))


def _of_bandit(told: Any) -> Iterator[Finding]:
    for one in told["results"]:
        yield Finding(str(one["test_id"]), WEIGHTS[one["issue_severity"]])
    if told["errors"]:
        yield Finding(BROKEN, weight_of(BROKEN))


_READ = {"ruff": _of_ruff, "bandit": _of_bandit}
