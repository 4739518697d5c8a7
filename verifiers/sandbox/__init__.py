"""Where generated code runs: isolated, bounded, and judged from another process."""

from tts.values import Check, Exam, Outcome
from tts.verifiers.sandbox.execution import (
    DEFAULT_LIMITS,
    LADDER,
    LEAST,
    Errand,
    Examination,
    Execution,
    Isolation,
    Limits,
)
from tts.verifiers.sandbox.ladder import Rung, chosen, ladder, probe
from tts.verifiers.sandbox.sandbox import VERSION, Sandbox

__all__ = [
    "DEFAULT_LIMITS",
    "LADDER",
    "LEAST",
    "VERSION",
    "Check",
    "Errand",
    "Exam",
    "Examination",
    "Execution",
    "Isolation",
    "Limits",
    "Outcome",
    "Rung",
    "Sandbox",
    "chosen",
    "ladder",
    "probe",
]
