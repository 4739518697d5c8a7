"""What the report of a sandbox process says of a program and of its checks."""

from __future__ import annotations

import json
import secrets
import signal
from typing import Any

from tts.values import Check, Exam
from tts.verifiers.sandbox.execution import Ending, Limits
from tts.verifiers.sandbox.inside.frames import HEAD

UNJUDGED = "the tests gave no verdict"
"""Why a check is lost where the judge's process ended, mostly by what the check computes."""


def ending(report: dict[str, Any], limits: Limits) -> Ending:
    """How the program ended, with its limit of processor time told apart from other signals."""
    if report["code"] == -signal.SIGXCPU or report["cpu_seconds"] >= limits.cpu_seconds:
        return "cpu"
    ended: Ending = report["ended"]
    return ended


def checks(report: dict[str, Any], tests: Exam, nonce: str, limits: Limits) -> list[Check]:
    """The verdicts as the examiner sent them, or why there are none."""
    ended = ending(report, limits)
    if ended == "output":
        return [Check("output", f"more than {limits.output} bytes")] * len(tests.checks)
    if ended == "wall":
        return [Check("timeout", f"{limits.wall_seconds:g} s on the clock")] * len(tests.checks)
    verdicts = _verdicts(report["verdicts"], nonce)
    if verdicts is None:
        return [Check("lost", UNJUDGED)] * len(tests.checks)
    found = [Check(outcome, reason) for outcome, reason in verdicts if outcome != "unseen"]
    if ended == "cpu":
        late = Check("timeout", f"{limits.cpu_seconds} s of processor time")
        found = [late if one.outcome == "ended" else one for one in found]
    return found


def _verdicts(body: str, nonce: str) -> list[Any] | None:
    try:
        told = json.loads(body[HEAD:])
        return told["verdicts"] if secrets.compare_digest(told["nonce"], nonce) else None
    except (ValueError, KeyError, TypeError):
        return None
