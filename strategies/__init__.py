"""Methods of spending compute on one problem, one file each."""

from tts.strategies.ab_mcts_a import ABMCTSA
from tts.strategies.ab_mcts_m import ABMCTSM
from tts.strategies.adaptive_consistency import AdaptiveConsistency
from tts.strategies.beam_search import BeamSearch
from tts.strategies.best_of_n import BestOfN
from tts.strategies.budget_forcing import BudgetForcing
from tts.strategies.critique_and_fuse import CritiqueAndFuse
from tts.strategies.deepconf import DeepConf
from tts.strategies.deepconf_online import DeepConfOnline
from tts.strategies.dora import DORA
from tts.strategies.dvts import DVTS
from tts.strategies.early_stopping_consistency import EarlyStoppingConsistency
from tts.strategies.first_finish import FirstFinish
from tts.strategies.llm_selection import LLMSelection
from tts.strategies.lookahead_search import LookaheadSearch
from tts.strategies.majority_vote import MajorityVote
from tts.strategies.mcts import MCTS
from tts.strategies.optimal_stopping import OptimalStopping
from tts.strategies.particle_filtering import ParticleFiltering
from tts.strategies.particle_gibbs import ParticleGibbs
from tts.strategies.plan_then_solve import PlanThenSolve
from tts.strategies.rebase import Rebase
from tts.strategies.self_certainty import SelfCertainty
from tts.strategies.self_evaluation import SelfEvaluation
from tts.strategies.self_refine import SelfRefine
from tts.strategies.sequential_revision import SequentialRevision
from tts.strategies.single import Single
from tts.strategies.tree_of_thoughts import TreeOfThoughts
from tts.strategies.weaver import Weaver
from tts.strategies.weighted_best_of_n import WeightedBestOfN

__all__ = [
    "ABMCTSA",
    "ABMCTSM",
    "DORA",
    "DVTS",
    "MCTS",
    "AdaptiveConsistency",
    "BeamSearch",
    "BestOfN",
    "BudgetForcing",
    "CritiqueAndFuse",
    "DeepConf",
    "DeepConfOnline",
    "EarlyStoppingConsistency",
    "FirstFinish",
    "LLMSelection",
    "LookaheadSearch",
    "MajorityVote",
    "OptimalStopping",
    "ParticleFiltering",
    "ParticleGibbs",
    "PlanThenSolve",
    "Rebase",
    "SelfCertainty",
    "SelfEvaluation",
    "SelfRefine",
    "SequentialRevision",
    "Single",
    "TreeOfThoughts",
    "Weaver",
    "WeightedBestOfN",
]
