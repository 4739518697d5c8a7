"""What to know before a strategy is run with a model: known harm and missing abilities."""

from __future__ import annotations

import re
from collections.abc import Mapping

from tts.protocols import Generator, RecordedGenerator
from tts.run import Strategy, is_stepwise

INVERSE: Mapping[str, str] = {
    "beam_search": "beam search is known to get worse with more compute on reasoning models",
    "lookahead_search": "step-wise search is known to get worse with more compute on reasoning "
    "models",
    "dvts": "step-wise search is known to get worse with more compute on reasoning models",
}
"""Strategies that scale inversely on reasoning models (Agarwal et al. 2025, arXiv:2512.02008)."""

ALWAYS: Mapping[str, str] = {
    "budget_forcing": "more ignored ends of thinking do not help steadily; accuracy oscillates "
    "with their number (arXiv:2507.14419)",
    "self_refine": "without a verifier a revision may lose a right answer",
}

NEEDS: Mapping[str, tuple[tuple[str, str], ...]] = {
    "deepconf": (("logprobs", "all traces weigh the same: this is majority voting"),),
    "deepconf_online": (("logprobs", "no trace is stopped early: this is majority voting"),),
    "self_certainty": (("logprobs", "all draws weigh the same: this is majority voting"),),
    "budget_forcing": (("prefill", "thoughts cannot be carried on: its second call is refused"),),
}
"""By strategy: a capability of the endpoint, and what happens without it."""

_REASONING = re.compile(
    r"(?:^|[^a-z0-9])(?:o[134]|r1|qwq|gpt-5|gpt-oss|magistral|thinking|reasoning)(?![a-z0-9])"
)


def is_reasoning(generator: Generator) -> bool:
    """Whether a model thinks before it answers: as its endpoint was found, else by its name."""
    name = generator.model.name.lower()
    return generator.capabilities.reasoning or _REASONING.search(name) is not None


def cautions(strategy: Strategy, generator: Generator) -> tuple[str, ...]:
    """Sentences for a report or an estimate; none where nothing is known against the pair."""
    name, told = strategy.name, list[str]()
    if name in INVERSE and is_reasoning(generator):
        told.append(f"{generator.model.name} is a reasoning model: {INVERSE[name]}")
    if name in ALWAYS:
        told.append(ALWAYS[name])
    for capability, without in NEEDS.get(name, ()):
        if not getattr(generator.capabilities, capability):
            told.append(f"the endpoint reports no {capability}, so {without}")
    about_model: tuple[str, ...] = ()
    if isinstance(generator, RecordedGenerator):
        about_model = generator.cautions
        if is_stepwise(strategy):
            told.append("recorded draws are whole, so no step is continued: it chooses among them")
        if missing := generator.short_of(getattr(strategy, "n", 1)):
            told.append(missing)
    return (*(f"{name}: {sentence}." for sentence in told), *about_model)
