"""The process that `memory` watches."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from tts.engine.fewer_collections import fewer_collections
from tts.eval.bench.offline_session import offline_session
from tts.eval.bench.workload import engine_calls
from tts.ledger import Ledger


def resident(process: int | str = "self") -> int:
    """KiB of a process now, of this one without a number."""
    status = Path(f"/proc/{process}/status").read_text()
    line = next(line for line in status.splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1])


async def work(calls: int) -> tuple[int, int, int]:
    """Resident memory at the start, after a tenth of the calls and after all."""
    session = await offline_session(concurrency=512)
    fewer_collections()
    sizes = [resident()]
    with TemporaryDirectory() as folder:
        for part, name in ((calls // 10, "tenth"), (calls - calls // 10, "rest")):
            async with Ledger.open(Path(folder) / name, job="bench") as ledger:
                await engine_calls(session, ledger, calls=part, in_flight=512)
                sizes.append(resident())
    await session.close()
    return sizes[0], sizes[1], sizes[2]


if __name__ == "__main__":
    sys.stdout.write(" ".join(map(str, asyncio.run(work(int(sys.argv[1]))))) + "\n")
