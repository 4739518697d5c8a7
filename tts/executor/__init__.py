"""Runs the calls of the graph: under the caps, within the budget, on the record."""

from tts.executor.executor import Executor
from tts.executor.limits import Limits

__all__ = ["Executor", "Limits"]
