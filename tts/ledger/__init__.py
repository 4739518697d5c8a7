"""The durable journal: every call, attempt, use and outcome of a job."""

from tts.ledger.controls import Controls, Orders, Submission, Wish
from tts.ledger.export import EXPORTED, Format, export, spreadsheet_safe
from tts.ledger.leases import JobLeases
from tts.ledger.ledger import Ledger
from tts.ledger.manifest import check_manifest, manifest_diff
from tts.ledger.memory import MemoryJournal, MemoryLeases, MemoryRateWindows
from tts.ledger.questions import Bill, Grouping, JobSummary, Questions, Share
from tts.ledger.record import (
    CandidateLine,
    candidate_lines,
    decode_result,
    decode_summary,
    encode_result,
)

__all__ = [
    "EXPORTED",
    "Bill",
    "CandidateLine",
    "Controls",
    "Format",
    "Grouping",
    "JobLeases",
    "JobSummary",
    "Ledger",
    "MemoryJournal",
    "MemoryLeases",
    "MemoryRateWindows",
    "Orders",
    "Questions",
    "Share",
    "Submission",
    "Wish",
    "candidate_lines",
    "check_manifest",
    "decode_result",
    "decode_summary",
    "encode_result",
    "export",
    "manifest_diff",
    "spreadsheet_safe",
]
