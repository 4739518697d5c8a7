"""The seams of the engine: what each side promises the other."""

from tts.protocols.generator import (
    GenerateReply,
    GenerateRequest,
    Generator,
    Guide,
    RecordedGenerator,
    TextListener,
    charged,
)
from tts.protocols.journal import (
    CallRow,
    Durable,
    IntentRow,
    JobRow,
    Journal,
    Leases,
    Origin,
    OutcomeKind,
    OutcomeRow,
    Row,
    RunRow,
    SettledRow,
    TextRow,
    UseRow,
)
from tts.protocols.node import Awaitable, Verbs
from tts.protocols.operation import (
    Answer,
    Draw,
    Effect,
    Meter,
    Operation,
    OperationSpec,
    Reply,
    Role,
)
from tts.protocols.rate_windows import RateLease, RateWindows
from tts.protocols.row_reader import MarkedRow, RowReader, RowReading, Vector
from tts.protocols.step_scorer import StepScorer, StepScoreReply, StepScoreRequest
from tts.protocols.strategy import Strategy
from tts.protocols.verifier import Verifier

__all__ = [
    "Answer",
    "Awaitable",
    "CallRow",
    "Draw",
    "Durable",
    "Effect",
    "GenerateReply",
    "GenerateRequest",
    "Generator",
    "Guide",
    "IntentRow",
    "JobRow",
    "Journal",
    "Leases",
    "MarkedRow",
    "Meter",
    "Operation",
    "OperationSpec",
    "Origin",
    "OutcomeKind",
    "OutcomeRow",
    "RateLease",
    "RateWindows",
    "RecordedGenerator",
    "Reply",
    "Role",
    "Row",
    "RowReader",
    "RowReading",
    "RunRow",
    "SettledRow",
    "StepScoreReply",
    "StepScoreRequest",
    "StepScorer",
    "Strategy",
    "TextListener",
    "TextRow",
    "UseRow",
    "Vector",
    "Verbs",
    "Verifier",
    "charged",
]
