"""Names to objects: the built-in ones and those that other distributions register."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import entry_points
from typing import Any, Literal

from tts.errors import UnknownName, UsageError
from tts.protocols import Strategy

Kind = Literal["strategy", "verifier", "backend"]

BUILT_IN: Mapping[Kind, Mapping[str, str]] = {
    "strategy": {
        "ab_mcts_a": "tts.strategies.ab_mcts_a:ABMCTSA",
        "ab_mcts_m": "tts.strategies.ab_mcts_m:ABMCTSM",
        "adaptive_consistency": "tts.strategies.adaptive_consistency:AdaptiveConsistency",
        "beam_search": "tts.strategies.beam_search:BeamSearch",
        "best_of_n": "tts.strategies.best_of_n:BestOfN",
        "budget_forcing": "tts.strategies.budget_forcing:BudgetForcing",
        "critique_and_fuse": "tts.strategies.critique_and_fuse:CritiqueAndFuse",
        "deepconf": "tts.strategies.deepconf:DeepConf",
        "deepconf_online": "tts.strategies.deepconf_online:DeepConfOnline",
        "dora": "tts.strategies.dora:DORA",
        "dvts": "tts.strategies.dvts:DVTS",
        "early_stopping_consistency": "tts.strategies.early_stopping_consistency:EarlyStoppingConsistency",
        "first_finish": "tts.strategies.first_finish:FirstFinish",
        "llm_selection": "tts.strategies.llm_selection:LLMSelection",
        "lookahead_search": "tts.strategies.lookahead_search:LookaheadSearch",
        "majority_vote": "tts.strategies.majority_vote:MajorityVote",
        "mcts": "tts.strategies.mcts:MCTS",
        "optimal_stopping": "tts.strategies.optimal_stopping:OptimalStopping",
        "particle_filtering": "tts.strategies.particle_filtering:ParticleFiltering",
        "particle_gibbs": "tts.strategies.particle_gibbs:ParticleGibbs",
        "plan_then_solve": "tts.strategies.plan_then_solve:PlanThenSolve",
        "rebase": "tts.strategies.rebase:Rebase",
        "self_certainty": "tts.strategies.self_certainty:SelfCertainty",
        "self_evaluation": "tts.strategies.self_evaluation:SelfEvaluation",
        "self_refine": "tts.strategies.self_refine:SelfRefine",
        "sequential_revision": "tts.strategies.sequential_revision:SequentialRevision",
        "single": "tts.strategies.single:Single",
        "tree_of_thoughts": "tts.strategies.tree_of_thoughts:TreeOfThoughts",
        "weaver": "tts.strategies.weaver:Weaver",
        "weighted_best_of_n": "tts.strategies.weighted_best_of_n:WeightedBestOfN",
    },
    "verifier": {
        "embedded": "tts.engine.open_verifier:open_embedded_verifier",
        "recorded": "tts.engine.open_verifier:open_recorded_verifier",
        "gen-prm": "tts.engine.open_judge:open_gen_prm",
        "judge": "tts.engine.open_judge:open_judge",
        "self-evaluation": "tts.engine.open_judge:open_self_evaluation",
        "vllm-prm": "tts.engine.open_vllm:open_vllm_prm",
        "vllm-server-prm": "tts.engine.open_vllm_server:open_vllm_server_prm",
    },
    "backend": {
        "embedded": "tts.engine.open_model:open_embedded",
        "openai": "tts.engine.open_model:open_openai",
        "openai-sdk": "tts.engine.open_model:open_openai_sdk",
        "replay": "tts.engine.open_model:open_replay",
        "simulated": "tts.engine.open_model:open_simulated",
        "vllm": "tts.engine.open_vllm:open_vllm",
    },
}


@dataclass(frozen=True)
class Registry:
    """One table of names per kind; entry points of group `tts.<kind>` add to it."""

    kind: Kind

    def names(self) -> list[str]:
        return sorted({*BUILT_IN[self.kind], *self._entry_points()})

    def find(self, name: str) -> Any:
        """The object behind a name; raises `UnknownName` with the known ones."""
        target = BUILT_IN[self.kind].get(name)
        if target is not None:
            module, attribute = target.split(":")
            return getattr(import_module(module), attribute)
        entry = self._entry_points().get(name)
        if entry is None:
            raise UnknownName(self.kind, name, self.names())
        return entry.load()

    def _entry_points(self) -> dict[str, Any]:
        return {entry.name: entry for entry in entry_points(group=f"tts.{self.kind}")}


STRATEGIES = Registry("strategy")
VERIFIERS = Registry("verifier")
BACKENDS = Registry("backend")


def build_strategy(name: str, parameters: Mapping[str, Any]) -> Strategy:
    """A strategy by name; one that takes `build` receives this function."""
    factory: Callable[..., Strategy] = STRATEGIES.find(name)
    known = inspect.signature(factory).parameters
    unknown = [key for key in parameters if key not in known]
    if unknown:
        takes = ", ".join(key for key in known if key != "build") or "no parameters"
        raise UsageError(f"Strategy {name!r} has no parameter {unknown[0]!r}; it takes {takes}.")
    extra = {"build": build_strategy} if "build" in known else {}
    try:
        return factory(**parameters, **extra)
    except (TypeError, ValueError) as error:
        raise UsageError(f"Strategy {name!r}: {error}") from error
