"""Landlock by system calls: the files that a process may see, no TCP, no signals to others.

Source: Linux kernel documentation, userspace-api/landlock.rst. ABI 1 is of Linux 5.13; TCP came
with ABI 4, signals and abstract sockets with ABI 6. What a kernel lacks is left to seccomp.
"""

from __future__ import annotations

import os

from tts.verifiers.sandbox.inside.system_calls import packed, syscall

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

CREATE, ADD_RULE, RESTRICT_SELF = 444, 445, 446
VERSION_FLAG, PATH_BENEATH = 1, 1
EXECUTE, WRITE_FILE, READ_FILE, READ_DIR = 1, 2, 4, 8
READ = EXECUTE | READ_FILE | READ_DIR
FILE_ONLY = EXECUTE | WRITE_FILE | READ_FILE
RIGHTS_BY_ABI = {1: 13, 2: 14, 3: 15, 5: 16}
"""How many rights in the file system an ABI knows, from the lowest bit."""
SYMLINK_OR_DEVICE = 1 << 6 | 1 << 9 | 1 << 10 | 1 << 11 | 1 << 12
"""Devices, sockets, pipes and links are made nowhere, not even in the work folder."""
TCP, SCOPES = 3, 3


def abi() -> int:
    """The kernel's Landlock ABI; 0 without one."""
    try:
        return syscall(CREATE, None, 0, VERSION_FLAG)
    except OSError:
        return 0


def restrict(readable: Iterable[str], writable: Iterable[str]) -> None:
    """Confine this process and its children for good; raises OSError where the kernel refuses.

    `no_new_privs` has to be set before. Paths that are not there are passed over.
    """
    version = abi()
    every = (1 << max(bits for least, bits in RIGHTS_BY_ABI.items() if least <= version)) - 1
    attributes = packed(
        (every, 8), (TCP if version >= 4 else 0, 8), (SCOPES if version >= 6 else 0, 8)
    )
    size = 8 if version < 4 else 16 if version < 6 else 24
    ruleset = syscall(CREATE, attributes, size, 0)
    for path in readable:
        _allow(ruleset, path, READ)
    for path in writable:
        _allow(ruleset, path, every & ~SYMLINK_OR_DEVICE & ~EXECUTE)
    syscall(RESTRICT_SELF, ruleset, 0)
    os.close(ruleset)


def _allow(ruleset: int, path: str, rights: int) -> None:
    try:
        parent = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    rights &= ~0 if os.path.isdir(path) else FILE_ONLY
    syscall(ADD_RULE, ruleset, PATH_BENEATH, packed((rights, 8), (parent, 4)), 0)
    os.close(parent)
