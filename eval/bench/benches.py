"""The benchmarks by name."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module

from tts.errors import UnknownName
from tts.eval.bench.machine import machine
from tts.eval.bench.report import BenchReport
from tts.eval.bench.row import Row

BENCHES = {
    "client": "CPU per call over HTTP, everything on, beside bare aiohttp",
    "graph": "makespan of simulated graphs against their critical path",
    "ledger": "CPU per journalled call",
    "kill": "kill -9 at 20 random points of a comparison, resumed each time",
    "budget": "ceilings under 256 concurrent draws and 8 processes",
    "replay": "reference results of recorded generations (needs data)",
    "equivalence": "public pairs, hostile answers, the fast path",
    "reading": "answers found in a megabyte, the guard of algebra, intervals",
    "model": "tokens per second of the embedded policy",
    "search": "64 beam searches at once beside the slowest drafts and scores (takes minutes)",
    "planner": "plans read, checked and run (simulated latency; more with data)",
    "startup": "`import tts` and `tts --help`",
    "memory": "resident memory after 100,000 calls, growth of an embedded run (takes minutes)",
    "vllm": "the embedded folders in real vLLM (needs vLLM, takes minutes)",
}
"""Each with one line on what it measures."""


def bench(name: str) -> BenchReport:
    """Run one; raises `UnknownName`, or `NeedsData` where data is missing."""
    if name not in BENCHES:
        raise UnknownName("benchmark", name, sorted(BENCHES))
    run: Callable[[], list[Row]] = getattr(import_module(f"tts.eval.bench.{name}"), name)
    where = machine()
    return BenchReport(name=name, machine=where, rows=tuple(run()))
