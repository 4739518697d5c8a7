"""A model server with scripted faults: the counterpart of tests and benchmarks."""

from tts.backends.fault_server.plan import Answer, Fault, FaultKind, FaultPlan, Latency, Quirk
from tts.backends.fault_server.plan_file import read_plan
from tts.backends.fault_server.presets import LIKE
from tts.backends.fault_server.server import FaultServer, Record, Seen

__all__ = [
    "LIKE",
    "Answer",
    "Fault",
    "FaultKind",
    "FaultPlan",
    "FaultServer",
    "Latency",
    "Quirk",
    "Record",
    "Seen",
    "read_plan",
]
