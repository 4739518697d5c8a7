"""What judges candidates."""

from tts.verifiers.process_reward import ProcessReward
from tts.verifiers.recorded_reward import RecordedReward
from tts.verifiers.step_scoring import StepScores, StepScoring

__all__ = ["ProcessReward", "RecordedReward", "StepScores", "StepScoring"]
