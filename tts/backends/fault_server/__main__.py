"""`python -m tts.backends.fault_server --port 8123`: the server in a process of its own."""

from __future__ import annotations

import asyncio
import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path

import msgspec

from tts.backends.fault_server.plan import FaultPlan, Latency
from tts.backends.fault_server.server import FaultServer


def arguments() -> Namespace:
    """The command line's options."""
    parser = ArgumentParser(prog="python -m tts.backends.fault_server")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--plan", type=Path, help="JSON file with a FaultPlan")
    parser.add_argument("--words", type=int, default=24, help="tokens per draw")
    parser.add_argument("--latency", type=float, default=0.0, help="median seconds")
    parser.add_argument("--sigma", type=float, default=0.0, help="log-normal spread; 0: fixed")
    return parser.parse_args()


def plan_of(options: Namespace) -> FaultPlan:
    """The plan of the file, or one made of the other options."""
    if options.plan:
        return msgspec.json.decode(options.plan.read_bytes(), type=FaultPlan)
    return FaultPlan(
        words=options.words,
        keep_records=False,
        latency=Latency(
            kind="lognormal" if options.sigma else "fixed",
            median=options.latency,
            sigma=options.sigma,
        ),
    )


async def serve(options: Namespace) -> None:
    """Serve until interrupted, after one line with the URL."""
    server = FaultServer(plan_of(options), port=options.port)
    await server.start()
    sys.stdout.write(f"{server.url}\n")
    sys.stdout.flush()
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(serve(arguments()))
