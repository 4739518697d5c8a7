"""The durable journal: every call, attempt, use and outcome of a job."""

from tts.ledger.leases import JobLeases
from tts.ledger.ledger import Ledger
from tts.ledger.manifest import check_manifest, manifest_diff
from tts.ledger.memory import MemoryJournal
from tts.ledger.memory_leases import MemoryLeases

__all__ = [
    "JobLeases",
    "Ledger",
    "MemoryJournal",
    "MemoryLeases",
    "check_manifest",
    "manifest_diff",
]
