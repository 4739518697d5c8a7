"""A disk that fails with EIO from some write on: a library that stands before the C library's calls.

    LD_PRELOAD=failing_io.so FAIL_ON=job.db FAIL_AFTER=200 tts compare recipe.yaml --ledger job.db

Writes to files whose path holds `FAIL_ON` succeed `FAIL_AFTER` times; from then on every write and
every sync of them fails.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

SOURCE = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

static long done;

static int watched(int fd) {
    char link[64], path[4096];
    const char *on = getenv("FAIL_ON");
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = on ? readlink(link, path, sizeof path - 1) : -1;
    if (length < 0) return 0;
    path[length] = 0;
    return strstr(path, on) != NULL;
}

static int fails(int fd, int counts) {
    const char *after = getenv("FAIL_AFTER");
    if (!after || !watched(fd)) return 0;
    long number = counts ? __sync_add_and_fetch(&done, 1) : done + 1;
    if (number <= atol(after)) return 0;
    errno = EIO;
    return 1;
}

#define NEXT(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

ssize_t write(int fd, const void *data, size_t size) {
    return fails(fd, 1) ? -1 : NEXT(write)(fd, data, size);
}
ssize_t pwrite(int fd, const void *data, size_t size, off_t at) {
    return fails(fd, 1) ? -1 : NEXT(pwrite)(fd, data, size, at);
}
ssize_t pwrite64(int fd, const void *data, size_t size, off64_t at) {
    return fails(fd, 1) ? -1 : NEXT(pwrite64)(fd, data, size, at);
}
int fsync(int fd) { return fails(fd, 0) ? -1 : NEXT(fsync)(fd); }
int fdatasync(int fd) { return fails(fd, 0) ? -1 : NEXT(fdatasync)(fd); }
"""


def compiled(folder: Path) -> Path | None:
    """The library, made in a folder; None where this machine has no C compiler."""
    compiler = shutil.which("cc")
    if compiler is None:
        return None
    source, library = folder / "failing_io.c", folder / "failing_io.so"
    source.write_text(SOURCE)
    command = [compiler, "-shared", "-fPIC", "-O1", "-o", str(library), str(source), "-ldl"]
    subprocess.run(command, check=True, capture_output=True)
    return library


def failing(library: Path, on: str, after: int) -> Sequence[str]:
    """What to put before a command, for whose files the disk fails."""
    return ("env", f"LD_PRELOAD={library}", f"FAIL_ON={on}", f"FAIL_AFTER={after}")
