"""`tts sandbox`: the levels of isolation that this machine gives, and the hostile suite run on them."""

from __future__ import annotations

import os
import sys
from typing import Any

import msgspec
from rich.table import Table

from tts.cli.exits import FAILED
from tts.cli.screen import Screen
from tts.errors import IsolationTooLow, UnknownName, UsageError
from tts.verifiers.sandbox import LADDER, LEAST, Isolation, Sandbox, chosen, ladder, probe
from tts.verifiers.sandbox.cgroups import place
from tts.verifiers.sandbox.execution import rung
from tts.verifiers.sandbox.hostile import Tried, hostile_suite

ACTIONS = ("levels", "check")


def run_sandbox(action: str, level: str, *, as_json: bool) -> None:
    """Show the levels, or run the suite; exits with 1 where an attempt was not held."""
    if action not in ACTIONS:
        raise UnknownName("action", action, ACTIONS)
    if action == "levels":
        show_levels(as_json)
        return
    box = Sandbox(at=wanted(level), workers=1)
    try:
        tried = list(hostile_suite(box))
    finally:
        box.close_now()
    show_tried(box.isolation, tried, as_json)
    if not all(one.held for one in tried):
        sys.exit(FAILED)


def wanted(level: str) -> Isolation:
    """The level asked for where it holds, else the strongest; raises `IsolationTooLow`."""
    if not level:
        return chosen()
    if rung(level) < rung(LEAST):
        raise UsageError(
            f"The hostile suite is not run at level {level!r}: nothing there would hold it off this "
            f"machine. Take {LEAST} or namespaces."
        )
    found = probe(LADDER[rung(level)])
    if not found.holds:
        raise IsolationTooLow(f"Isolation {level!r} is not given here: {found.reason}.")
    return found.isolation


def show_levels(as_json: bool) -> None:
    """Each level, tried by running programs at it."""
    rungs = ladder()
    if as_json:
        _write([msgspec.to_builtins(one) for one in rungs])
        return
    rows = Table.grid(padding=(0, 2))
    for one in rungs:
        rows.add_row(one.isolation, "yes" if one.holds else "no", one.reason)
    rows.add_row("control groups", *group_words())
    Screen().print(rows)


def group_words() -> tuple[str, str]:
    """Whether control groups can be made here, and of which version or why none."""
    found = place()
    return ("no", found) if isinstance(found, str) else ("yes", f"version {found.version}")


def show_tried(isolation: Isolation, tried: list[Tried], as_json: bool) -> None:
    """Every attempt with its verdict, and the score."""
    held = sum(one.held for one in tried)
    if as_json:
        attempts = [msgspec.to_builtins(one) for one in tried]
        _write({"isolation": isolation, "uid": os.getuid(), "held": held, "attempts": attempts})
        return
    rows = Table.grid(padding=(0, 2))
    for one in tried:
        rows.add_row(one.aim, one.name, "held" if one.held else f"NOT HELD: {one.reason}")
    screen = Screen()
    screen.print(rows)
    screen.print(f"{held} of {len(tried)} held at level {isolation} as user {os.getuid()}")


def _write(value: Any) -> None:
    sys.stdout.write(msgspec.json.encode(value).decode() + "\n")
