"""Where generated code runs: isolated, bounded, and judged from another process."""

from tts.verifiers.sandbox.execution import (
    DEFAULT_LIMITS,
    LADDER,
    LEAST,
    Check,
    Examination,
    Execution,
    Isolation,
    IsolationTooLow,
    Limits,
    Tests,
)
from tts.verifiers.sandbox.ladder import Rung, chosen, ladder, probe
from tts.verifiers.sandbox.sandbox import VERSION, Sandbox

__all__ = [
    "DEFAULT_LIMITS",
    "LADDER",
    "LEAST",
    "VERSION",
    "Check",
    "Examination",
    "Execution",
    "Isolation",
    "IsolationTooLow",
    "Limits",
    "Rung",
    "Sandbox",
    "Tests",
    "chosen",
    "ladder",
    "probe",
]
