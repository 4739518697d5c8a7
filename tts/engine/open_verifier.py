"""Verifiers by name."""

from __future__ import annotations

from tts.engine.options import SessionOptions
from tts.engine.registry import VERIFIERS
from tts.prompts import TASKS
from tts.protocols import Generator, Verifier


async def open_verifier(options: SessionOptions, generator: Generator) -> Verifier | None:
    """The verifier of an engine; `auto` is the embedded one beside an embedded model."""
    spec = options.verifier
    if spec is None or not isinstance(spec, str):
        return spec
    if spec == "none":
        return None
    if spec == "auto":
        source = generator.model.name.partition(":")[0]
        if source not in ("embedded", "replay"):
            return None
        spec = "embedded:prm" if source == "embedded" else "recorded:scores"
    kind, _, name = spec.partition(":")
    factory = VERIFIERS.find(kind)
    verifier: Verifier | None = await factory(name, options, generator)
    return verifier


async def open_embedded_verifier(
    name: str, options: SessionOptions, generator: Generator
) -> Verifier:
    """`embedded:prm`: the shipped process reward model."""
    from tts.backends.embedded import EmbeddedModel, EmbeddedStepScorer
    from tts.verifiers import ProcessReward

    scorer = EmbeddedStepScorer(EmbeddedModel.shipped("prm"))
    return ProcessReward(scorer, render=TASKS["arithmetic"].render, aggregate=options.aggregate)
