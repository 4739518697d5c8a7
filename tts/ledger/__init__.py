"""The durable journal: every call, attempt, use and outcome of a job."""

from tts.ledger.export import EXPORTED, Format, export, spreadsheet_safe
from tts.ledger.leases import JobLeases
from tts.ledger.ledger import Ledger
from tts.ledger.manifest import check_manifest, manifest_diff
from tts.ledger.memory import MemoryJournal
from tts.ledger.memory_leases import MemoryLeases
from tts.ledger.memory_rate_windows import MemoryRateWindows
from tts.ledger.questions import Grouping, Questions
from tts.ledger.record import CandidateLine, candidate_lines, decode_result, encode_result
from tts.ledger.total import Bill, JobSummary, Share

__all__ = [
    "EXPORTED",
    "Bill",
    "CandidateLine",
    "Format",
    "Grouping",
    "JobLeases",
    "JobSummary",
    "Ledger",
    "MemoryJournal",
    "MemoryLeases",
    "MemoryRateWindows",
    "Questions",
    "Share",
    "candidate_lines",
    "check_manifest",
    "decode_result",
    "encode_result",
    "export",
    "manifest_diff",
    "spreadsheet_safe",
]
