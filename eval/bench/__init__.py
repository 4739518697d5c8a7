"""What the engine costs and what it holds, measured: `tts bench`."""

from tts.eval.bench.benches import BENCHES, BenchOptions, bench
from tts.eval.bench.measuring import machine
from tts.eval.bench.report import BenchReport, NeedsData, Row

__all__ = ["BENCHES", "BenchOptions", "BenchReport", "NeedsData", "Row", "bench", "machine"]
