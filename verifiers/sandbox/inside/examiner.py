"""The judge's side: runs tests against a candidate in another process.

The tests call a stand-in, which sends the arguments over and gets plain values back; every
comparison is made here, where the candidate cannot reach it.
"""

from __future__ import annotations

import builtins
import select

from tts.verifiers.sandbox.inside.frames import BadFrame, decoded, encoded, read_frame, write_frame
from tts.verifiers.sandbox.inside.player import limited

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import CodeType
    from typing import Any

WORDS = 300


class Lost(BaseException):
    """The candidate's process has gone, or does not answer; no `except Exception` hides it."""


class CandidateError(Exception):
    """The candidate raised an error that has no builtin class."""


class Slow(BaseException):
    """The candidate's call took more than its processor time; it lives on."""


class SlowTest(BaseException):
    """A test took more processor time of its own than a call may."""


class Stand:
    """Where the candidate stands for the tests: a function whose calls go to its process."""

    def __init__(self, asked: int, told: int, seconds: float) -> None:
        self.asked, self.told, self.seconds = asked, told, seconds

    def loaded(self) -> str:
        """Why the program could not be loaded; empty where it was."""
        kind, name, words = self._answer()
        return "" if kind == "value" else f"{name}: {words}"

    def function(self, name: str) -> Callable[..., Any]:
        def candidate(*args: Any, **kwargs: Any) -> Any:
            write_frame(self.asked, encoded((name, args, kwargs)))
            kind, value, words = self._answer()
            if kind == "value":
                return value
            if kind == "slow":
                raise Slow
            raise _error(value)(words)

        return candidate

    def _answer(self) -> tuple[str, Any, str]:
        if not select.select([self.told], [], [], self.seconds)[0]:
            raise Lost("timeout")
        frame = read_frame(self.told)
        if frame is None:
            raise Lost("ended")
        try:
            kind, value, words = decoded(frame)
        except (BadFrame, ValueError, TypeError) as error:
            raise Lost("ended") from error
        return kind, value, words


def _error(name: Any) -> type[BaseException]:
    found = getattr(builtins, name, None) if isinstance(name, str) else None
    plain = isinstance(found, type) and issubclass(found, Exception)
    return found if plain and found is not AssertionError else CandidateError  # type: ignore[return-value]


def examine(
    prelude: str,
    entry: str,
    checks: list[str],
    stand: Stand,
    call_seconds: float = 0.0,
    timeouts: int = 0,
) -> list[tuple[str, str]]:
    """A verdict and its reason for every check: passed, wrong, error, timeout, ended or unseen.

    Each check is a text of statements; one that raises nothing has passed. `prelude` holds what
    they use beside the candidate. Where the candidate has gone or is silent the rest is unseen;
    after `timeouts` calls above their `call_seconds` the rest are timeouts.
    """
    try:
        broken = stand.loaded()
    except Lost as lost:
        return [(str(lost), "while its module was loaded")] * len(checks)
    if broken:
        return [("error", broken)] * len(checks)
    found: list[tuple[str, str]] = []
    slow = 0
    for check in checks:
        try:
            found.append(_checked(prelude, entry, check, stand, call_seconds))
        except Lost as lost:
            found.append((str(lost), ""))
            break
        except SlowTest:
            limited(0.0, SlowTest)
            found.append(("error", f"the test itself took {call_seconds:g} s of processor time"))
        except Slow:
            found.append(("timeout", f"{call_seconds:g} s of processor time"))
            slow += 1
            if slow == timeouts:
                return found + found[-1:] * (len(checks) - len(found))
        if found[-1][0] == "ended":
            break
    return found + [("unseen", "")] * (len(checks) - len(found))


_PRELUDES: dict[str, CodeType] = {}


def _compiled(prelude: str) -> CodeType:
    if prelude not in _PRELUDES:
        _PRELUDES[prelude] = compile(prelude, "<prelude>", "exec")
    return _PRELUDES[prelude]


def _checked(
    prelude: str, entry: str, check: str, stand: Stand, call_seconds: float
) -> tuple[str, str]:
    space: dict[str, Any] = {"__name__": "tests"}
    try:
        if call_seconds:
            limited(call_seconds, SlowTest)
        exec(_compiled(prelude), space)  # noqa: S102
        space[entry] = stand.function(entry)
        exec(compile(check, "<check>", "exec"), space)  # noqa: S102
    except (Lost, Slow, SlowTest):
        raise
    except BrokenPipeError:
        return "ended", ""
    except AssertionError as error:
        return "wrong", str(error)[:WORDS]
    except BaseException as error:  # of the candidate or of the test itself  # noqa: BLE001
        return "error", f"{type(error).__name__}: {error}"[:WORDS]
    finally:
        if call_seconds:
            limited(0.0, SlowTest)
    return "passed", ""
