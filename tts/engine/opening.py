"""Models and verifiers by name: what stands behind `backend:model`, where it needs no server."""

from __future__ import annotations

from typing import Any

from tts.answers import TASKS
from tts.engine.registry import BACKENDS, VERIFIERS
from tts.errors import BadInput, TTSError, UnknownName, UsageError, described
from tts.options import SessionOptions
from tts.protocols import Generator, defaults_of
from tts.run import Verifier


async def open_model(spec: str | Generator, options: SessionOptions) -> Generator:
    """The generator behind a name; raises with the known backends or models where there is none."""
    if not isinstance(spec, str):
        return spec
    backend, _, name = spec.partition(":")
    factory = BACKENDS.find(backend)
    if not name:
        raise UsageError(f"Model {spec!r}: write backend:model, for example {backend}:NAME.")
    generator: Generator = await opened(f"Model {spec!r}", factory, name, options)
    return generator


async def opened(what: str, factory: Any, *arguments: Any) -> Any:
    """What a registered factory opens; its own errors are one line, whoever wrote it."""
    try:
        return await factory(*arguments)
    except TTSError:
        raise
    except (Exception, SystemExit) as error:
        raise UsageError(f"{what} cannot be opened: {described(error)}.") from error


async def open_embedded(name: str, options: SessionOptions) -> Generator:
    """`embedded:small`, `embedded:large`; `embedded:planner` writes plans for errands."""
    from tts.backends.embedded.generator import EmbeddedGenerator
    from tts.backends.embedded.model import EmbeddedModel, EmbeddedName

    policies: dict[str, EmbeddedName] = {"small": "small", "large": "large", "planner": "planner"}
    if name not in policies:
        raise UnknownName("embedded model", name, policies)
    return EmbeddedGenerator(EmbeddedModel.shipped(policies[name]))


async def open_replay(name: str, options: SessionOptions) -> Generator:
    """`replay:FILE` or `replay:FILE#MODEL`: recorded generations of a real model."""
    from tts.backends.replay import ReplayGenerator, model_rows

    return ReplayGenerator(model_rows(name))


async def open_simulated(name: str, options: SessionOptions) -> Generator:
    """`simulated:0.3`: right with that probability, for tests and dry benchmarks."""
    from tts.backends.simulated import SimulatedGenerator

    try:
        success = float(name)
    except ValueError as error:
        raise BadInput(f"Model 'simulated:{name}': write a probability such as 0.3.") from error
    return SimulatedGenerator(success=success)


async def open_verifier(options: SessionOptions, generator: Generator) -> Verifier | None:
    """The verifier of an engine; `auto` is the one that suits the model, if one does."""
    spec = options.verifier
    if spec is None or not isinstance(spec, str):
        return spec
    if spec == "auto":
        spec = defaults_of(generator).verifier or "none"
    if spec == "none":
        return None
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


async def open_judge(name: str, options: SessionOptions, generator: Generator) -> Verifier:
    """`judge:BACKEND:MODEL`, or `judge:self` for the policy: a mark from 0 to 10."""
    from tts.verifiers import Judge

    return Judge.pointwise(await judging_model(name, options, generator))


async def open_self_evaluation(
    name: str, options: SessionOptions, generator: Generator
) -> Verifier:
    """`self-evaluation`: the policy's own P(True)."""
    from tts.verifiers import Judge

    return Judge.self_evaluation(await judging_model(name or "self", options, generator))


async def open_gen_prm(name: str, options: SessionOptions, generator: Generator) -> Verifier:
    """`gen-prm:BACKEND:MODEL`: an argued judgement of every step; programs are not run."""
    from tts.verifiers import GenPRM

    judge = await judging_model(name, options, generator)
    return GenPRM(judge, aggregate=options.aggregate or "min")


async def judging_model(name: str, options: SessionOptions, generator: Generator) -> Generator:
    """A model of its own, or the policy, which its session closes."""
    return generator if name == "self" else await open_model(name, options)
