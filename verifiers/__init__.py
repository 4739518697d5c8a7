"""What judges candidates."""

from tts.verifiers.gen_prm import GenPRM
from tts.verifiers.judge import Judge
from tts.verifiers.listwise import ListwiseJudge
from tts.verifiers.outcome_reward import OutcomeReward
from tts.verifiers.comparison import PairwiseJudge
from tts.verifiers.process_reward import ProcessReward
from tts.verifiers.recorded import RecordedReward, Unscored
from tts.verifiers.reward import StepScores, StepScoring

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
