"""What the engine costs and what it holds, measured: `tts bench`."""

from tts.eval.bench.benches import BENCHES, bench
from tts.eval.bench.machine import machine
from tts.eval.bench.needs_data import NeedsData
from tts.eval.bench.report import BenchReport
from tts.eval.bench.row import Row

__all__ = ["BENCHES", "BenchReport", "NeedsData", "Row", "bench", "machine"]
