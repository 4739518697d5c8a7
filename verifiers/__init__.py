"""What judges candidates."""

from tts.verifiers.comparison import ListwiseJudge, PairwiseJudge
from tts.verifiers.critique import GenPRM
from tts.verifiers.instructions import InstructionsVerifier
from tts.verifiers.judge import Judge
from tts.verifiers.reward import (
    OutcomeReward,
    ProcessReward,
    RecordedReward,
    StepScores,
    StepScoring,
    Unscored,
)

__all__ = [
    "GenPRM",
    "InstructionsVerifier",
    "Judge",
    "ListwiseJudge",
    "OutcomeReward",
    "PairwiseJudge",
    "ProcessReward",
    "RecordedReward",
    "StepScores",
    "StepScoring",
    "Unscored",
]
