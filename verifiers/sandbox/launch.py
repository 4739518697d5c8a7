"""How a sandbox process is started: its interpreter, the code it runs, bubblewrap around it."""

from __future__ import annotations

import marshal
import os
import sys
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from tts.verifiers.sandbox.execution import Isolation
from tts.verifiers.sandbox.inside import zygote
from tts.verifiers.sandbox.inside.frames import HEAD, framed

INSIDE = Path(zygote.__file__).parent
PACKAGES = ("tts", "tts.verifiers", "tts.verifiers.sandbox", "tts.verifiers.sandbox.inside")
MODULES = (
    *("plain_json", "frames", "player", "errand", "system_calls", "landlock", "seccomp"),
    *("confine", "examiner", "zygote"),
)
"""The sandbox's own modules, each behind those that it imports."""
BOOT = f"""import sys, marshal, posix
kind = type(sys)
for name in {PACKAGES}:
    sys.modules[name] = kind(name); sys.modules[name].__path__ = []
def read(size):
    body = b""
    while len(body) < size:
        part = posix.read(int(sys.argv[1]), size - len(body))
        if not part: sys.exit(1)
        body += part
    return body
for name, code in marshal.loads(read(int.from_bytes(read({HEAD}), "big"))):
    made = sys.modules[name] = kind(name)
    setattr(sys.modules["{PACKAGES[-1]}"], name.rpartition(".")[2], made)
    exec(code, made.__dict__)
made.main(sys.argv[1:])"""
"""Runs the modules from code that comes first on the control channel: nothing is looked up, read or
compiled, and none of the packages that lie above them is loaded."""
SYSTEM = ("/usr", "/lib", "/lib64", "/bin", "/etc/ld.so.cache")
WORK = "/box"
WORK_BYTES = 64 * 1024 * 1024


def interpreter() -> str:
    """The interpreter itself, behind environments and links."""
    base: str = getattr(sys, "_base_executable", None) or sys.executable
    return os.path.realpath(base)


@cache
def bundle() -> bytes:
    """The code of the modules, for an interpreter of this version, as a frame."""
    code = [
        (
            f"{PACKAGES[-1]}.{name}",
            compile((INSIDE / f"{name}.py").read_text(), name, "exec", optimize=2),
        )
        for name in MODULES
    ]
    return framed(marshal.dumps(code))


def command(isolation: Isolation, readable: Sequence[str], numbers: Sequence[int]) -> list[str]:
    """What to execute; the numbers are the descriptors of its three channels."""
    start = [interpreter(), "-P", "-s", "-S", "-B", "-c", BOOT, *map(str, numbers)]
    return [*(bubblewrap(readable) if isolation == "namespaces" else ()), *start]


def visible(more: Sequence[str]) -> list[str]:
    """Folders that a program may read: the system's, the interpreter's own and some more."""
    roots = [sys.base_prefix, str(Path(interpreter()).parent.parent)]
    return [*dict.fromkeys((*SYSTEM, *map(os.path.realpath, roots), *more))]


def bubblewrap(readable: Sequence[str]) -> list[str]:
    """The command in front of the other one, which gives it namespaces of its own."""
    binds = [part for path in visible(readable) for part in ("--ro-bind-try", path, path)]
    return [
        *("bwrap", "--unshare-all", "--unshare-user", "--die-with-parent", "--new-session"),
        *("--as-pid-1", "--cap-drop", "ALL", "--uid", "65534", "--gid", "65534"),
        *("--hostname", "sandbox", *binds, "--dev-bind", "/dev/null", "/dev/null"),
        *("--size", str(WORK_BYTES), "--perms", "0700", "--tmpfs", WORK, "--remount-ro", "/"),
        *("--chdir", WORK),
    ]
