"""Methods of spending compute on one problem, one file each."""

from tts.strategies.ab_mcts_a import ABMCTSA
from tts.strategies.beam_search import BeamSearch
from tts.strategies.best_of_n import BestOfN
from tts.strategies.dora import DORA
from tts.strategies.dvts import DVTS
from tts.strategies.lookahead_search import LookaheadSearch
from tts.strategies.majority_vote import MajorityVote
from tts.strategies.mcts import MCTS
from tts.strategies.particle_filtering import ParticleFiltering
from tts.strategies.particle_gibbs import ParticleGibbs
from tts.strategies.rebase import Rebase
from tts.strategies.single import Single
from tts.strategies.tree_of_thoughts import TreeOfThoughts
from tts.strategies.weighted_best_of_n import WeightedBestOfN

__all__ = [
    "ABMCTSA",
    "DORA",
    "DVTS",
    "MCTS",
    "BeamSearch",
    "BestOfN",
    "LookaheadSearch",
    "MajorityVote",
    "ParticleFiltering",
    "ParticleGibbs",
    "Rebase",
    "Single",
    "TreeOfThoughts",
    "WeightedBestOfN",
]
