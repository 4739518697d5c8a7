"""What judges candidates."""

from tts.verifiers.comparison import ListwiseJudge, PairwiseJudge
from tts.verifiers.critique import GenPRM
from tts.verifiers.judge import Judge
from tts.verifiers.recorded import RecordedReward, Unscored
from tts.verifiers.reward import OutcomeReward, ProcessReward, StepScores, StepScoring

__all__ = [
    "GenPRM",
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
