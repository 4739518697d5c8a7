"""Methods of spending compute on one problem: families, and the parts that they share."""

from tts.strategies.allocation.compute_optimal import Auto, ComputeOptimal, UntilAccepted
from tts.strategies.base import StrategyBase
from tts.strategies.code.codet import CodeT
from tts.strategies.code.self_debug import SelfDebug
from tts.strategies.repository.code_monkeys import CodeMonkeys
from tts.strategies.retrieval.adaptive import AdaptiveRAG
from tts.strategies.retrieval.compressed import Compressed
from tts.strategies.retrieval.hop_graph import HopGraph
from tts.strategies.retrieval.iterdrag import IterDRAG
from tts.strategies.retrieval.one_call import DRAG, RAG, ManyShotQA, ZeroShotQA
from tts.strategies.revision.budget_forcing import BudgetForcing
from tts.strategies.revision.critique_and_fuse import CritiqueAndFuse
from tts.strategies.revision.plan_then_solve import PlanThenSolve
from tts.strategies.revision.sequential_revision import SelfRefine, SequentialRevision
from tts.strategies.sampling.best_of_n import BestOfN, OptimalStopping, Weaver, WeightedBestOfN
from tts.strategies.sampling.confidence import DeepConf, DeepConfOnline, SelfCertainty
from tts.strategies.sampling.majority_vote import (
    AdaptiveConsistency,
    EarlyStoppingConsistency,
    FirstFinish,
    MajorityVote,
    Single,
)
from tts.strategies.sampling.pivot_tournament import PivotTournament
from tts.strategies.sampling.self_evaluation import LLMSelection, SelfEvaluation
from tts.strategies.search.ab_mcts import ABMCTSA, ABMCTSM
from tts.strategies.search.beam_search import DVTS, BeamSearch, LookaheadSearch
from tts.strategies.search.mcts import MCTS
from tts.strategies.search.particles import ParticleFiltering, ParticleGibbs
from tts.strategies.search.rebase import DORA, Rebase
from tts.strategies.search.tree_of_thoughts import TreeOfThoughts

__all__ = [
    "ABMCTSA",
    "ABMCTSM",
    "DORA",
    "DRAG",
    "DVTS",
    "MCTS",
    "RAG",
    "AdaptiveConsistency",
    "AdaptiveRAG",
    "Auto",
    "BeamSearch",
    "BestOfN",
    "BudgetForcing",
    "CodeMonkeys",
    "CodeT",
    "Compressed",
    "ComputeOptimal",
    "CritiqueAndFuse",
    "DeepConf",
    "DeepConfOnline",
    "EarlyStoppingConsistency",
    "FirstFinish",
    "HopGraph",
    "IterDRAG",
    "LLMSelection",
    "LookaheadSearch",
    "MajorityVote",
    "ManyShotQA",
    "OptimalStopping",
    "ParticleFiltering",
    "ParticleGibbs",
    "PivotTournament",
    "PlanThenSolve",
    "Rebase",
    "SelfCertainty",
    "SelfDebug",
    "SelfEvaluation",
    "SelfRefine",
    "SequentialRevision",
    "Single",
    "StrategyBase",
    "TreeOfThoughts",
    "UntilAccepted",
    "Weaver",
    "WeightedBestOfN",
    "ZeroShotQA",
]
