"""A model server with scripted faults: the counterpart of tests and benchmarks."""

from tts.backends.fault_server.latency import Latency
from tts.backends.fault_server.plan import Answer, Fault, FaultKind, FaultPlan
from tts.backends.fault_server.record import Record, Seen
from tts.backends.fault_server.server import FaultServer

__all__ = [
    "Answer",
    "Fault",
    "FaultKind",
    "FaultPlan",
    "FaultServer",
    "Latency",
    "Record",
    "Seen",
]
