"""The killable process that does algebra: JSON lines in, JSON lines out.

`python -m tts.equivalence.worker` says `{"ready": true}`, then answers each
`{"a": …, "b": …, "rounding": …, "kind": …, "seconds": …}` with `{"verdict": …}`, or ends where that
would take more seconds of processor time: what is the same must not depend on what else a machine does.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import sys
from pathlib import Path
from typing import IO, Any

from tts.equivalence.algebra import are_same
from tts.equivalence.confine import MEMORY_BYTES, confine
from tts.equivalence.pool import Verdict

LONGEST_SECONDS = 60.0
"""After this on the clock the process ends itself, so that it does not outlive a killed parent."""

_RECURSION = 6000
_WARM_UP = (("x^2+1", "1+x^2"), (r"\frac{1}{\sqrt{2}}", r"\frac{\sqrt{2}}{2}"), ("[0,1)", "(0,1]"))


def main() -> None:
    """Answer until the input ends."""
    requests, replies = sys.stdin.buffer, os.fdopen(os.dup(1), "wb", buffering=0)
    sys.stdout = sys.stderr
    sys.setrecursionlimit(_RECURSION)

    for a, b in _WARM_UP:
        are_same(a, b, 6)
    confine()
    _reply(replies, {"ready": True})
    for line in requests:
        request = json.loads(line)
        signal.setitimer(signal.ITIMER_REAL, LONGEST_SECONDS)
        signal.setitimer(signal.ITIMER_PROF, request["seconds"])
        verdict = _verdict(request)
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.setitimer(signal.ITIMER_REAL, 0)
        _reply(replies, {"verdict": verdict})


def _verdict(request: dict[str, Any]) -> Verdict:
    try:
        if are_same(request["a"], request["b"], request["rounding"], request["kind"]):
            return "same"
    except Exception:  # noqa: BLE001 a comparison that broke decides nothing
        return "undecided"
    return "undecided" if _is_exhausted() else "different"


def _is_exhausted() -> bool:
    """sympy swallows memory errors, and what follows one is no finding."""
    return _peak_bytes() > 0.8 * MEMORY_BYTES


def _peak_bytes() -> int:
    """The most memory that this program held; getrusage would count its parent's before exec."""
    try:
        status = Path("/proc/self/status").read_text()
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    peak = next(line for line in status.splitlines() if line.startswith("VmHWM:"))
    return int(peak.split()[1]) * 1024


def _reply(replies: IO[bytes], value: dict[str, Any]) -> None:
    replies.write(json.dumps(value).encode() + b"\n")


if __name__ == "__main__":
    main()
