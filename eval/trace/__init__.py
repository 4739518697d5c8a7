"""What one recorded run did: its tree of candidates with scores and costs."""

from tts.eval.trace.read import read_trace, reading, run_lines
from tts.eval.trace.render import render_trace, render_trace_page
from tts.eval.trace.trace import Fate, OtherCalls, RunLine, Trace, TraceNode

__all__ = [
    "Fate",
    "OtherCalls",
    "RunLine",
    "Trace",
    "TraceNode",
    "read_trace",
    "reading",
    "render_trace",
    "render_trace_page",
    "run_lines",
]
