"""The child process of `ServerProcess`: the shipped server, asked over its standard input."""

from __future__ import annotations

import asyncio
import sys

import msgspec

from tts.backends.fault_server import FaultPlan, FaultServer
from tts.eval.bench.served import Served


async def serve(plan: FaultPlan) -> None:
    """Print the URL, then the record once per line read; end with the input."""
    async with FaultServer(plan) as server:
        say(server.url)
        while await asyncio.to_thread(sys.stdin.readline):
            record = server.record
            served = Served(
                requests=record.requests,
                most_in_flight=record.most_in_flight,
                in_flight=record.in_flight,
                bodies=dict(record.digests),
            )
            say(msgspec.json.encode(served).decode())


def say(line: str) -> None:
    """One line to the parent."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(serve(msgspec.json.decode(sys.argv[1], type=FaultPlan)))
