"""A seccomp filter in classic BPF: no network, no other processes, no way around the rest.

It is a list of what is refused, each with EPERM, so that a program sees an error that it can
understand. Numbers are those of the kernel's own tables.
"""

from __future__ import annotations

import errno
import os

from tts.verifiers.sandbox.inside.system_calls import ORDER, held, packed, prctl

ALLOW, REFUSE, KILL = 0x7FFF0000, 0x00050000, 0x80000000
LOAD, EQUAL, AT_LEAST, BITS, RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
NUMBER, ARCHITECTURE, ARGUMENTS = 0, 4, 16
"""Offsets in `struct seccomp_data`; each argument takes eight bytes, the lower half first."""
X32 = 0x40000000
NEW_NAMESPACES, THREAD = 0x7E020000, 0x00010000
FAKED_INPUT = 0x5412
SET_FILTER, FILTER_MODE = 22, 2

AUDIT = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
REFUSED = {
    "x86_64": {
        *(29, 30, 31, 41, 42, 43, 44, 46, 49, 50, 68, 69, 70, 71, 101, 155, 161, 163, 165, 166),
        *(167, 168, 169, 170, 171, 172, 173, 175, 176, 179, 220, 64, 65, 66, 240, 246, 248, 249),
        *(250, 272, 288, 298, 300, 303, 304, 308, 310, 311, 312, 313, 319, 320, 321, 323, 129, 297),
        *(103, 133, 259, 153, 160, 203, 141, 251),
    },
    "aarch64": {
        *(194, 195, 196, 198, 200, 201, 202, 203, 206, 211, 186, 187, 188, 189, 117, 41, 51, 89),
        *(
            40,
            39,
            224,
            225,
            142,
            161,
            162,
            105,
            106,
            60,
            190,
            191,
            192,
            193,
            180,
            104,
            217,
            218,
            219,
        ),
        *(97, 242, 241, 262, 264, 265, 268, 270, 271, 272, 273, 279, 294, 280, 282, 138, 240),
        *(116, 33, 58, 164, 122, 140, 30),
    },
}
"""Shared memory, sockets, message queues, semaphores, ptrace, chroot, mounts, modules, keys,
namespaces, other processes' memory and descriptors, anonymous files, bpf, perf, signals with a
payload, devices, limits and priorities of others."""
COMMON = {424, 425, 426, 427, 428, 429, 430, 431, 432, 433, 434, 438, 440, 442, 447, 448}
"""Newer calls have one number everywhere: pidfd, io_uring, the mount calls, secret memory."""
SIGNALS = {"x86_64": (62, 200, 234), "aarch64": (129, 130, 131)}
FORKS = {"x86_64": (57, 58), "aarch64": ()}
CLONE = {"x86_64": 56, "aarch64": 220}
IOCTL = {"x86_64": 16, "aarch64": 29}
LIMITS = {"x86_64": 302, "aarch64": 261}
CLONE3 = 435

Instruction = tuple[int, int, int, int]


def known() -> bool:
    """Whether the tables know this machine's system calls."""
    return os.uname().machine in AUDIT


def program(machine: str, pid: int, *, alone: bool, threads: bool = False) -> list[Instruction]:
    """The filter of one process; `alone`: it may neither start another one nor a thread, but for
    threads where they are said to be allowed."""
    refuse = (RETURN, 0, 0, REFUSE | errno.EPERM)
    lines: list[Instruction] = [
        (LOAD, 0, 0, ARCHITECTURE),
        (EQUAL, 1, 0, AUDIT[machine]),
        (RETURN, 0, 0, KILL),
        (LOAD, 0, 0, NUMBER),
        (AT_LEAST, 0, 1, X32),
        refuse,
    ]
    starting = {*FORKS[machine], *([] if threads else [CLONE[machine]])}
    gone = sorted(REFUSED[machine] | COMMON | (starting if alone else set()))
    for number in gone:
        lines += [(EQUAL, 0, 1, number), refuse]
    lines += [(EQUAL, 0, 1, CLONE3), (RETURN, 0, 0, REFUSE | errno.ENOSYS)]
    if alone and threads:
        lines += _when(CLONE[machine], 0, (BITS, 1, 0, THREAD), refuse)
    if not alone:
        lines += _when(CLONE[machine], 0, (BITS, 0, 1, NEW_NAMESPACES), refuse)
    lines += _when(IOCTL[machine], 1, (EQUAL, 0, 1, FAKED_INPUT), refuse)
    lines += _unless_own(LIMITS[machine], (0, pid), refuse)
    for number in SIGNALS[machine] if alone else ():
        lines += _unless_own(number, (pid,), refuse)
    return [*lines, (RETURN, 0, 0, ALLOW)]


def _when(number: int, argument: int, test: Instruction, refuse: Instruction) -> list[Instruction]:
    body = [(LOAD, 0, 0, ARGUMENTS + 8 * argument), test, refuse, (LOAD, 0, 0, NUMBER)]
    return [(EQUAL, 0, len(body), number), *body]


def _unless_own(number: int, owners: tuple[int, ...], refuse: Instruction) -> list[Instruction]:
    tests = [(EQUAL, len(owners) - place, 0, one) for place, one in enumerate(owners)]
    body = [(LOAD, 0, 0, ARGUMENTS), *tests, refuse, (LOAD, 0, 0, NUMBER)]
    return [(EQUAL, 0, len(body), number), *body]


def wire(lines: list[Instruction]) -> bytes:
    """Instructions as `struct sock_filter`, each as one number: both processes of every job do this, and
    four numbers an instruction take five times as long."""
    words = [code | yes << 16 | no << 24 | value << 32 for code, yes, no, value in lines]
    return b"".join([word.to_bytes(8, ORDER) for word in words])


def install(*, alone: bool, threads: bool = False) -> None:
    """Put this process under the filter for good; raises OSError where the kernel refuses."""
    lines = program(os.uname().machine, os.getpid(), alone=alone, threads=threads)
    place, address = held(wire(lines))
    prctl(SET_FILTER, FILTER_MODE, packed((len(lines), 2), (0, 6), (address, 8)))
    del place
