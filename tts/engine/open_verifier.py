"""Verifiers by name."""

from __future__ import annotations

from tts.answers import TASKS
from tts.engine.open_model import opened
from tts.engine.options import SessionOptions
from tts.engine.registry import VERIFIERS
from tts.errors import UnknownName, UsageError
from tts.protocols import Generator
from tts.run import Verifier

AUTOMATIC = {
    "embedded": "embedded:prm",
    "recorded": "recorded:scores",
    "vllm:embedded": "vllm-prm:embedded/prm",
}
"""The verifier that stands beside a kind of model, where the user names none."""


async def open_verifier(options: SessionOptions, generator: Generator) -> Verifier | None:
    """The verifier of an engine; `auto` is the embedded one beside an embedded model."""
    spec = options.verifier
    if spec is None or not isinstance(spec, str):
        return spec
    if spec == "none":
        return None
    if spec == "auto":
        name = generator.model.name
        source = name.partition("/" if name.startswith("vllm:") else ":")[0]
        if source not in AUTOMATIC:
            return None
        spec = AUTOMATIC[source]
    kind, _, name = spec.partition(":")
    factory = VERIFIERS.find(kind)
    verifier: Verifier | None = await opened(
        f"Verifier {spec!r}", factory, name, options, generator
    )
    return verifier


def _only(kind: str, known: str, name: str) -> None:
    if name not in ("", known):
        raise UnknownName(f"{kind} verifier", name, [known], flag="--verifier")


async def open_embedded_verifier(
    name: str, options: SessionOptions, generator: Generator
) -> Verifier:
    """`embedded:prm`: the shipped process reward model."""
    from tts.backends.embedded.model import EmbeddedModel
    from tts.backends.embedded.step_scorer import EmbeddedStepScorer
    from tts.verifiers import ProcessReward

    _only("embedded", "prm", name)
    scorer = EmbeddedStepScorer(EmbeddedModel.shipped("prm"))
    return ProcessReward(
        scorer, render=TASKS["arithmetic"].render, aggregate=options.aggregate or "min"
    )


async def open_recorded_verifier(
    name: str, options: SessionOptions, generator: Generator
) -> Verifier:
    """`recorded:scores`: what a reward model said of the recorded samples.

    Raises `UsageError` where there is none, at once where scores were asked for by name and when a
    strategy asks for one where they were not.
    """
    from tts.backends.replay import RecordedScores, ReplayGenerator
    from tts.verifiers import RecordedReward, Unscored

    _only("recorded", "scores", name)
    if not isinstance(generator, ReplayGenerator):
        raise UsageError(
            "Verifier 'recorded:scores' stands beside recorded samples: give --model replay:FILE,"
            " or another verifier."
        )
    scores = RecordedScores(generator.samples.rows)
    told = options.model if isinstance(options.model, str) else generator.model.name
    if scores.count:
        source = told.removeprefix("replay:").rpartition("/")[2]
        return RecordedReward(scores.score_of, source=source)
    lacking = (
        f"Verifier 'recorded:scores': {told} records no scores (`score` is empty in all"
        f" {len(generator.samples.rows)} rows). Take a strategy that scores nothing, such as"
        " majority_vote, or another verifier, such as --verifier judge:BACKEND:MODEL."
    )
    if options.verifier != "auto":
        raise UsageError(lacking)
    return Unscored(lacking)
