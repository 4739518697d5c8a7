"""Generators by name: `backend:model`."""

from __future__ import annotations

from typing import Any

from tts.engine.options import SessionOptions
from tts.engine.registry import BACKENDS
from tts.errors import BadInput, TTSError, UnknownName, UsageError, described
from tts.protocols import Generator


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
    from tts.backends.embedded.backend import EmbeddedGenerator
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
