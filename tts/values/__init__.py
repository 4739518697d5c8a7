"""The values that cross package boundaries: frozen, serialisable, free of behaviour."""

from tts.values.budget import DIMENSIONS, Budget, Dimension, in_words, unit_of
from tts.values.candidate import STEP_SEPARATOR, Candidate, split_steps
from tts.values.completion import ENDED, Completion, FinishReason, Recording, TokenLogprob
from tts.values.event import AnswerEvent, CandidateEvent, Event, NodeEvent, SpendEvent
from tts.values.message import Message, MessageRole
from tts.values.model import Capabilities, Model
from tts.values.piece import Piece
from tts.values.problem import AnswerKind, Problem
from tts.values.result import OPEN, Kept, RecordedVerdict, Result, StoppedBy
from tts.values.sampling import Sampling
from tts.values.score import Score, Scored
from tts.values.usage import NANO, NOTHING, Usage, known_sum

__all__ = [
    "DIMENSIONS",
    "ENDED",
    "NANO",
    "NOTHING",
    "OPEN",
    "STEP_SEPARATOR",
    "AnswerEvent",
    "AnswerKind",
    "Budget",
    "Candidate",
    "CandidateEvent",
    "Capabilities",
    "Completion",
    "Dimension",
    "Event",
    "FinishReason",
    "Kept",
    "Message",
    "MessageRole",
    "Model",
    "NodeEvent",
    "Piece",
    "Problem",
    "RecordedVerdict",
    "Recording",
    "Result",
    "Sampling",
    "Score",
    "Scored",
    "SpendEvent",
    "StoppedBy",
    "TokenLogprob",
    "Usage",
    "in_words",
    "known_sum",
    "split_steps",
    "unit_of",
]
