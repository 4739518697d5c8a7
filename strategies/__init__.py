"""Methods of spending compute on one problem, one file each."""

from tts.strategies.best_of_n import BestOfN
from tts.strategies.majority_vote import MajorityVote
from tts.strategies.single import Single
from tts.strategies.weighted_best_of_n import WeightedBestOfN

__all__ = ["BestOfN", "MajorityVote", "Single", "WeightedBestOfN"]
