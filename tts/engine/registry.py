"""Names to objects: the built-in ones and those that other distributions register."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from typing import TYPE_CHECKING, Any, Literal

from tts.errors import TTSError, UnknownName, UsageError, described

if TYPE_CHECKING:
    from tts.run import Strategy

Kind = Literal["strategy", "verifier", "backend", "retriever"]
FLAGS: Mapping[Kind, str] = {
    "strategy": "--strategy",
    "verifier": "--verifier",
    "backend": "--model, before the colon",
    "retriever": "--retriever",
}
"""Where a user writes the names."""

BUILT_IN: Mapping[Kind, Mapping[str, str]] = {
    "strategy": {
        "ab_mcts_a": "tts.strategies.search.ab_mcts:ABMCTSA",
        "ab_mcts_m": "tts.strategies.search.ab_mcts:ABMCTSM",
        "adaptive_consistency": "tts.strategies.sampling.majority_vote:AdaptiveConsistency",
        "adaptive_rag": "tts.strategies.retrieval.adaptive:AdaptiveRAG",
        "auto": "tts.strategies.allocation.compute_optimal:Auto",
        "beam_search": "tts.strategies.search.beam_search:BeamSearch",
        "best_of_n": "tts.strategies.sampling.best_of_n:BestOfN",
        "budget_forcing": "tts.strategies.revision.budget_forcing:BudgetForcing",
        "codet": "tts.strategies.code.codet:CodeT",
        "compressed": "tts.strategies.retrieval.compressed:Compressed",
        "code_monkeys": "tts.strategies.repository.code_monkeys:CodeMonkeys",
        "compute_optimal": "tts.strategies.allocation.compute_optimal:ComputeOptimal",
        "critique_and_fuse": "tts.strategies.revision.critique_and_fuse:CritiqueAndFuse",
        "deepconf": "tts.strategies.sampling.confidence:DeepConf",
        "deepconf_online": "tts.strategies.sampling.confidence:DeepConfOnline",
        "dora": "tts.strategies.search.rebase:DORA",
        "drag": "tts.strategies.retrieval.one_call:DRAG",
        "dvts": "tts.strategies.search.beam_search:DVTS",
        "early_stopping_consistency": "tts.strategies.sampling.majority_vote:EarlyStoppingConsistency",
        "first_finish": "tts.strategies.sampling.majority_vote:FirstFinish",
        "hop_graph": "tts.strategies.retrieval.hop_graph:HopGraph",
        "iterdrag": "tts.strategies.retrieval.iterdrag:IterDRAG",
        "llm_selection": "tts.strategies.sampling.self_evaluation:LLMSelection",
        "lookahead_search": "tts.strategies.search.beam_search:LookaheadSearch",
        "majority_vote": "tts.strategies.sampling.majority_vote:MajorityVote",
        "many_shot_qa": "tts.strategies.retrieval.one_call:ManyShotQA",
        "mcts": "tts.strategies.search.mcts:MCTS",
        "optimal_stopping": "tts.strategies.sampling.best_of_n:OptimalStopping",
        "particle_filtering": "tts.strategies.search.particles:ParticleFiltering",
        "particle_gibbs": "tts.strategies.search.particles:ParticleGibbs",
        "pivot_tournament": "tts.strategies.sampling.pivot_tournament:PivotTournament",
        "plan_then_solve": "tts.strategies.revision.plan_then_solve:PlanThenSolve",
        "rag": "tts.strategies.retrieval.one_call:RAG",
        "rebase": "tts.strategies.search.rebase:Rebase",
        "self_certainty": "tts.strategies.sampling.confidence:SelfCertainty",
        "self_debug": "tts.strategies.code.self_debug:SelfDebug",
        "self_evaluation": "tts.strategies.sampling.self_evaluation:SelfEvaluation",
        "self_refine": "tts.strategies.revision.sequential_revision:SelfRefine",
        "sequential_revision": "tts.strategies.revision.sequential_revision:SequentialRevision",
        "single": "tts.strategies.sampling.majority_vote:Single",
        "tree_of_thoughts": "tts.strategies.search.tree_of_thoughts:TreeOfThoughts",
        "until_accepted": "tts.strategies.allocation.compute_optimal:UntilAccepted",
        "weaver": "tts.strategies.sampling.best_of_n:Weaver",
        "weighted_best_of_n": "tts.strategies.sampling.best_of_n:WeightedBestOfN",
        "zero_shot_qa": "tts.strategies.retrieval.one_call:ZeroShotQA",
    },
    "verifier": {
        "embedded": "tts.engine.session:open_embedded_verifier",
        "examples": "tts.engine.open_sandbox:open_examples",
        "instructions": "tts.engine.session:open_instructions",
        "lint": "tts.engine.open_sandbox:open_lint",
        "recorded": "tts.engine.session:open_recorded_verifier",
        "gen-prm": "tts.engine.session:open_gen_prm",
        "judge": "tts.engine.session:open_judge",
        "self-evaluation": "tts.engine.session:open_self_evaluation",
        "vllm-prm": "tts.engine.open_vllm:open_vllm_prm",
        "vllm-server-prm": "tts.engine.open_vllm:open_vllm_server_prm",
    },
    "backend": {
        "agent": "tts.engine.open_agent:open_agent",
        "embedded": "tts.engine.open_embedded:open_embedded",
        "openai": "tts.engine.open_openai:open_openai",
        "openai-batch": "tts.engine.open_openai:open_openai_batch",
        "openai-responses": "tts.engine.open_openai:open_openai_responses",
        "openai-sdk": "tts.engine.open_openai:open_openai_sdk",
        "replay": "tts.engine.session:open_replay",
        "scripted": "tts.engine.open_scripted:open_scripted",
        "simulated": "tts.engine.session:open_simulated",
        "vllm": "tts.engine.open_vllm:open_vllm",
    },
    "retriever": {
        "bm25": "tts.engine.open_retriever:open_bm25",
        "embeddings": "tts.engine.open_retriever:open_embeddings",
        "fused": "tts.engine.open_retriever:open_fused",
        "fused-sentences": "tts.engine.open_retriever:open_fused_sentences",
        "sentences": "tts.engine.open_retriever:open_sentences",
        "static": "tts.engine.open_retriever:open_static",
    },
}


@dataclass(frozen=True)
class Registry:
    """One table of names per kind; entry points of group `tts.<kind>` add to it."""

    kind: Kind

    def names(self) -> list[str]:
        return sorted({*BUILT_IN[self.kind], *self._entry_points()})

    def find(self, name: str) -> Any:
        """The object behind a name; raises `UnknownName` with the known ones, `UsageError` where
        the package that registers it is broken."""
        target = BUILT_IN[self.kind].get(name)
        if target is not None:
            module, attribute = target.split(":")
            return getattr(import_module(module), attribute)
        entry = self._entry_points().get(name)
        if entry is None:
            raise UnknownName(self.kind, name, self.names(), flag=FLAGS[self.kind])
        return self._loaded(entry)

    def _loaded(self, entry: EntryPoint) -> Any:
        try:
            return entry.load()
        except (Exception, SystemExit) as error:  # whatever a module does when it is imported
            package = (
                f"package {entry.dist.name!r}" if entry.dist else f"entry point {entry.value!r}"
            )
            raise UsageError(
                f"The {self.kind} {entry.name!r} of {package} cannot be loaded: "
                f"{described(error)}. Mend or uninstall the package."
            ) from error

    def _entry_points(self) -> dict[str, EntryPoint]:
        return {entry.name: entry for entry in entry_points(group=f"tts.{self.kind}")}


STRATEGIES = Registry("strategy")
VERIFIERS = Registry("verifier")
BACKENDS = Registry("backend")
RETRIEVERS = Registry("retriever")


def build_strategy(name: str, parameters: Mapping[str, Any]) -> Strategy:
    """A strategy by name; one that takes `build` receives this function."""
    factory: Callable[..., Strategy] = STRATEGIES.find(name)
    known = signature_of(factory, name)
    unknown = [key for key in parameters if key not in known]
    if unknown:
        taken = [key for key in known if key != "build"]
        near = get_close_matches(unknown[0], taken, n=1)
        hint = f"did you mean {near[0]!r}? It" if near else "it"
        raise UsageError(
            f"Strategy {name!r} has no parameter {unknown[0]!r}; "
            f"{hint} takes {', '.join(taken) or 'no parameters'}."
        )
    extra = {"build": build_strategy} if "build" in known else {}
    try:
        made = factory(**parameters, **extra)
    except TTSError:
        raise
    except (TypeError, ValueError) as error:
        raise UsageError(f"Strategy {name!r}: {error}") from error
    except (Exception, SystemExit) as error:  # of somebody else's package
        raise UsageError(f"Strategy {name!r} cannot be built: {described(error)}.") from error
    return usable(made, name)


def signature_of(factory: Any, name: str) -> Mapping[str, inspect.Parameter]:
    """The parameters of what a name stands for; `UsageError` where it is nothing to call."""
    try:
        return inspect.signature(factory).parameters
    except (TypeError, ValueError) as error:
        raise _no_strategy(f"Strategy {name!r}", factory, ", which cannot be called") from error


def usable(made: Any, name: str = "") -> Strategy:
    """The object where it is a strategy; `UsageError` names what it lacks."""
    told = f"Strategy {name!r}" if name else f"The strategy {made!r}"
    lacking = [
        part for part in ("name", "parameters", "solve", "finish") if not hasattr(made, part)
    ]
    if lacking or isinstance(made, type):
        raise _no_strategy(told, made, f" without {', '.join(lacking) or 'an instance'}")
    strategy: Strategy = made
    return strategy


def _no_strategy(told: str, found: Any, lacking: str) -> UsageError:
    """`lacking`: what keeps it from being one, behind the name of its type."""
    return UsageError(
        f"{told} is of type {type(found).__name__}{lacking}: give a text such as "
        "'best_of_n(n=16)', or an object with `name`, `parameters`, `solve(problem, run)` and "
        "`finish(problem, run)`."
    )


@dataclass(frozen=True)
class Entry:
    """One registered name: what it does, with its source, and its parameters with defaults."""

    name: str
    summary: str
    details: str
    parameters: tuple[str, ...]


def entry(name: str, registry: Registry = STRATEGIES) -> Entry:
    """The entry of a name; raises `UnknownName` with the known ones, `UsageError` where the
    package that registers it is broken."""
    factory = registry.find(name)
    summary, _, details = (inspect.getdoc(factory) or "").partition("\n")
    parameters = signature_of(factory, name).values()
    return Entry(
        name=name,
        summary=summary.strip(),
        details=details.strip(),
        parameters=tuple(_worded(each) for each in parameters if each.name != "build"),
    )


def catalogue(
    registry: Registry = STRATEGIES, *, broken: Callable[[UsageError], None]
) -> list[Entry]:
    """Every entry, by name; `broken` is told of those whose package cannot be loaded."""
    found = []
    for name in registry.names():
        try:
            found.append(entry(name, registry))
        except UsageError as error:
            broken(error)
    return found


def _worded(parameter: inspect.Parameter) -> str:
    if parameter.default is inspect.Parameter.empty:
        return parameter.name
    return f"{parameter.name}={parameter.default!r}"
