"""Methods of spending compute on one problem, one file each."""

from tts.strategies.ab_mcts_m import ABMCTSM
from tts.strategies.adaptive_consistency import AdaptiveConsistency
from tts.strategies.deepconf_online import DeepConfOnline
from tts.strategies.dora import DORA
from tts.strategies.early_stopping_consistency import EarlyStoppingConsistency
from tts.strategies.lookahead_search import LookaheadSearch
from tts.strategies.optimal_stopping import OptimalStopping
from tts.strategies.particle_filtering import ParticleFiltering
from tts.strategies.particle_gibbs import ParticleGibbs
from tts.strategies.revision.budget_forcing import BudgetForcing
from tts.strategies.revision.critique_and_fuse import CritiqueAndFuse
from tts.strategies.revision.plan_then_solve import PlanThenSolve
from tts.strategies.revision.self_refine import SelfRefine
from tts.strategies.revision.sequential_revision import SequentialRevision
from tts.strategies.sampling.best_of_n import BestOfN
from tts.strategies.sampling.confidence import SelfCertainty
from tts.strategies.sampling.deepconf import DeepConf
from tts.strategies.sampling.first_finish import FirstFinish
from tts.strategies.sampling.llm_selection import LLMSelection
from tts.strategies.sampling.majority_vote import MajorityVote
from tts.strategies.sampling.self_evaluation import SelfEvaluation
from tts.strategies.sampling.single import Single
from tts.strategies.sampling.weaver import Weaver
from tts.strategies.search.ab_mcts import ABMCTSA
from tts.strategies.search.beam_search import BeamSearch
from tts.strategies.search.dvts import DVTS
from tts.strategies.search.mcts import MCTS
from tts.strategies.search.rebase import Rebase
from tts.strategies.search.tree_of_thoughts import TreeOfThoughts
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
