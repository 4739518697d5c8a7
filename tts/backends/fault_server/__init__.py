"""A model server with scripted faults: the counterpart of tests and benchmarks."""

from tts.backends.fault_server.plan import Answer, Fault, FaultKind, FaultPlan, Latency
from tts.backends.fault_server.plan_file import read_plan
from tts.backends.fault_server.server import FaultServer, Record, Seen

__all__ = [
    "Answer",
    "Fault",
    "FaultKind",
    "FaultPlan",
    "FaultServer",
    "Latency",
    "Record",
    "Seen",
    "read_plan",
]
