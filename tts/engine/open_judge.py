"""Language models as verifiers, by name."""

from __future__ import annotations

from tts.engine.open_model import open_model
from tts.engine.options import SessionOptions
from tts.protocols import Generator
from tts.run import Verifier


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
