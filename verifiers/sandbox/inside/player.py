"""The candidate's side: runs its program and answers calls with plain values.

Nothing here is trusted once the program has begun. Whatever it does to this code, it can only lie
about the values that it returns.
"""

from __future__ import annotations

import os
import sys

from tts.verifiers.sandbox.inside.frames import decoded, encoded, read_frame, write_frame

TYPE_CHECKING = False
if TYPE_CHECKING:
    import signal
    from typing import Any
else:
    import _signal as signal  # without the names as enums, which take long to load

WORDS = 300


class SlowCall(BaseException):
    """A call has used its processor time; no `except Exception` of a program hides it."""


def limited(seconds: float, reached: type[BaseException]) -> None:
    """Raise `reached` in this process once it has used so much processor time from now on, and
    again each time as much is over, since a program may swallow it. 0 takes the limit away."""

    def ring(number: int, frame: Any) -> None:
        raise reached

    signal.signal(signal.SIGPROF, ring)
    signal.setitimer(signal.ITIMER_PROF, seconds, seconds)


def play(source: str, asked: int, told: int, call_seconds: float = 0.0) -> None:
    """Load a program as a module, say whether that went well, and answer calls until the end."""
    space: dict[str, Any] = {"__name__": "candidate"}
    _tell(told, _outcome(lambda: exec(compile(source, "<candidate>", "exec"), space)))  # noqa: S102
    while (frame := read_frame(asked)) is not None:
        name, args, kwargs = decoded(frame)
        _tell(told, _called(lambda: space[name](*args, **kwargs), call_seconds))  # noqa: B023 called at once


def _called(call: Any, seconds: float) -> tuple[str, Any, str]:
    if not seconds:
        return _outcome(call)
    try:
        limited(seconds, SlowCall)
        outcome = _outcome(call)
        limited(0.0, SlowCall)
    except SlowCall:  # it rang between the call's end and here
        limited(0.0, SlowCall)
        return "slow", None, ""
    return ("slow", None, "") if outcome[:2] == ("raised", SlowCall.__name__) else outcome


def _outcome(call: Any) -> tuple[str, Any, str]:
    try:
        return "value", call(), ""
    except BaseException as error:  # a program may raise anything, SystemExit included  # noqa: BLE001
        return "raised", type(error).__name__, str(error)[:WORDS]


def _tell(told: int, outcome: tuple[str, Any, str]) -> None:
    try:
        body = encoded(outcome)
    except (ValueError, RecursionError, MemoryError) as error:
        body = encoded(("raised", "TypeError", f"the result cannot be judged: {error}"[:WORDS]))
    write_frame(told, body)


def script(source: str, argv: list[str]) -> None:
    """Run a program as `python FILE` would; its exit code ends the process."""
    os._exit(exit_code(source, argv))


def exit_code(source: str, argv: list[str], *, under_test: str = "") -> int:
    """The exit code of a program run as `python FILE` would.

    An end that files below the folder `under_test` have asked for is a crash: only the program
    itself may say how it ended.
    """
    sys.argv = ["program", *argv]
    space: dict[str, Any] = {"__name__": "__main__", "__builtins__": __builtins__}
    code: Any = 0
    try:
        exec(compile(source, "<program>", "exec"), space)  # noqa: S102
    except SystemExit as end:
        code = end.code
        if under_test and _asked_by(end).startswith(under_test):
            sys.stderr.write("the code under test ended the process\n")
            code = 1
    except BaseException as error:  # noqa: BLE001 told as the interpreter tells it
        sys.excepthook(type(error), error, error.__traceback__)
        code = 1
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):
            code = code or 1
    return code if isinstance(code, int) else 1 if code else 0


def _asked_by(end: SystemExit) -> str:
    """The file in which an end was raised."""
    trace, found = end.__traceback__, ""
    while trace is not None:
        found = trace.tb_frame.f_code.co_filename
        trace = trace.tb_next
    return found
