"""Methods of spending compute on one problem, one file each."""

from tts.strategies.beam_search import BeamSearch
from tts.strategies.best_of_n import BestOfN
from tts.strategies.dvts import DVTS
from tts.strategies.lookahead_search import LookaheadSearch
from tts.strategies.majority_vote import MajorityVote
from tts.strategies.particle_filtering import ParticleFiltering
from tts.strategies.particle_gibbs import ParticleGibbs
from tts.strategies.rebase import Rebase
from tts.strategies.single import Single
from tts.strategies.weighted_best_of_n import WeightedBestOfN

__all__ = [
    "DVTS",
    "BeamSearch",
    "BestOfN",
    "LookaheadSearch",
    "MajorityVote",
    "ParticleFiltering",
    "ParticleGibbs",
    "Rebase",
    "Single",
    "WeightedBestOfN",
]
