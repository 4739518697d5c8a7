"""`tts doctor`: what is here, what is missing and what that costs, from Python down to the ledger."""

from __future__ import annotations

import asyncio
import os
import platform
import re
import sys
from collections.abc import Collection, Iterable, Iterator
from importlib.metadata import distributions, requires, version
from pathlib import Path
from typing import Literal

from msgspec import Struct
from rich.table import Column, Table
from rich.text import Text

from tts.cli.exits import FAILED, run
from tts.cli.screen import Screen, json_text, write_out
from tts.cli.settings import Settings
from tts.errors import CallError, TTSError
from tts.options import SessionOptions

State = Literal["ok", "absent", "broken"]
MARKS: dict[State, str] = {"ok": "✓", "absent": "–", "broken": "✗"}
DEVELOPING = frozenset({"dev", "train"})
"""Extras for work on the package itself."""
WITHOUT = Settings()
PATIENCE = 5.0
"""Seconds for an endpoint to list its models."""


class Finding(Struct, frozen=True):
    """One thing that was looked at."""

    name: str
    state: State
    said: str


def show_health(ledger: str, options: SessionOptions, settings: Settings, *, as_json: bool) -> None:
    """Everything that can be told without a model; exits with 1 where something is broken."""
    found = list(health(ledger, options, settings))
    if as_json:
        write_out(json_text(found))
    else:
        Screen().print(table_of(found))
    if any(one.state == "broken" for one in found):
        sys.exit(FAILED)


def table_of(found: Iterable[Finding]) -> Table:
    rows = Table.grid("", "", Column(overflow="fold"), padding=(0, 2))
    for one in found:
        rows.add_row(MARKS[one.state], Text(one.name), Text(one.said))
    return rows


def health(ledger: str, options: SessionOptions, settings: Settings = WITHOUT) -> Iterator[Finding]:
    """What is looked at, in the order in which it is shown."""
    yield Finding("tts-engine", "ok", version("tts-engine"))
    yield _settings(settings)
    yield _python()
    yield Finding("processors", "ok", f"{len(_processors())} of {os.cpu_count()} usable")
    yield from _extras()
    yield from _isolation()
    yield run(_endpoint(options))
    yield _ledger(ledger)


def _settings(found: Settings) -> Finding:
    """The settings file that commands in this folder go by, and what it sets."""
    if not found.file:
        return Finding(
            "settings", "absent", "no tts.toml here or above, nor [tool.tts] in a pyproject"
        )
    return Finding("settings", "ok", f"{found.file}: {', '.join(sorted(found.values)) or 'empty'}")


def _python() -> Finding:
    said = f"{platform.python_version()} on {platform.system()} {platform.machine()}"
    return Finding("Python", "ok", said)


def _processors() -> Collection[int]:
    return (
        os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else range(os.cpu_count() or 1)
    )


def _extras() -> Iterator[Finding]:
    """Each extra of the package: whether what it names is installed."""
    here = {_plain(one.metadata["Name"] or "") for one in distributions()}
    for extra, names in sorted(_wanted().items()):
        missing = sorted(name for name in names if _plain(name) not in here)
        if missing:
            said = f"{', '.join(missing)} missing: pip install 'tts-engine[{extra}]'"
            yield Finding(f"extra {extra}", "absent", said)
        else:
            yield Finding(f"extra {extra}", "ok", ", ".join(sorted(names)))


def _wanted() -> dict[str, set[str]]:
    """The distributions of each extra, by the package's own metadata."""
    found: dict[str, set[str]] = {}
    for line in requires("tts-engine") or ():
        name = re.match(r"[\w.-]+", line)
        extra = re.search(r"extra == ['\"](\w+)['\"]", line)
        if name and extra and extra[1] not in DEVELOPING:
            found.setdefault(extra[1], set()).add(name[0])
    return found


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _isolation() -> Iterator[Finding]:
    """The levels at which generated code can be run, each tried."""
    from tts.cli.sandbox import group_words
    from tts.verifiers.sandbox import ladder

    for rung in ladder():
        name = f"isolation {rung.isolation}"
        yield Finding(name, "ok" if rung.holds else "absent", rung.reason or "tried, and it holds")
    made, why = group_words()
    yield Finding("control groups", "ok" if made == "yes" else "absent", why)


async def _endpoint(options: SessionOptions) -> Finding:
    """Whether the server of remote models lists them; nothing is generated, and nothing billed."""
    from tts.backends.openai_http import Connection
    from tts.backends.probe import models_of
    from tts.backends.secret import Secret

    key = options.key()
    if not key and not options.base_url:
        said = "no key in the environment: set OPENAI_API_KEY, or give --base-url"
        return Finding("endpoint", "absent", said)
    connection = Connection(options.url, api_key=Secret(key) if key else None)
    try:
        async with asyncio.timeout(PATIENCE):
            listed = await models_of(connection)
    except (CallError, TimeoutError) as error:
        return Finding("endpoint", "broken", f"{options.url}: {error or 'no answer'}")
    finally:
        await connection.close()
    names = [str(one.get("id")) for one in listed]
    return Finding("endpoint", "ok", f"{options.url} serves {', '.join(names[:3]) or 'no model'}")


def _ledger(place: str) -> Finding:
    """Whether a ledger can be read, is whole, and who works on it."""
    from tts.ledger.upkeep import checked

    if "://" not in place and not Path(place).exists():
        return Finding("ledger", "absent", f"there is none at {place} yet")
    try:
        found = checked(place)
    except TTSError as error:
        return Finding("ledger", "broken", str(error))
    size = f"{found.size / 1e6:,.1f} MB, {found.jobs} jobs, {found.workers} workers"
    return Finding("ledger", "broken" if found.fault else "ok", found.fault or f"{place}: {size}")
