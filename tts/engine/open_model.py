"""Generators by name: `backend:model`."""

from __future__ import annotations

import os
from pathlib import Path

from tts.engine.options import SessionOptions
from tts.engine.registry import BACKENDS
from tts.errors import BadInput, UnknownName, UsageError
from tts.protocols import Generator


async def open_model(spec: str | Generator, options: SessionOptions) -> Generator:
    """The generator behind a name; raises with the known backends or models where there is none."""
    if not isinstance(spec, str):
        return spec
    backend, _, name = spec.partition(":")
    factory = BACKENDS.find(backend)
    if not name:
        raise UsageError(f"Model {spec!r}: write backend:model, for example {backend}:NAME.")
    generator: Generator = await factory(name, options)
    return generator


async def open_embedded(name: str, options: SessionOptions) -> Generator:
    """`embedded:small`, `embedded:large`."""
    from tts.backends.embedded.backend import EmbeddedGenerator
    from tts.backends.embedded.embedded_model import EmbeddedModel

    if name not in ("small", "large"):
        raise UnknownName("embedded model", name, ("small", "large"))
    return EmbeddedGenerator(EmbeddedModel.shipped(name))


async def open_openai(name: str, options: SessionOptions) -> Generator:
    """`openai:MODEL` on any OpenAI-compatible server, over aiohttp."""
    from tts.backends.openai_http import Connection, HTTPGenerator
    from tts.backends.probe import probe
    from tts.backends.secret import Secret
    from tts.values import Model

    base_url = options.base_url or os.environ.get("OPENAI_BASE_URL", "https://api.openai.com/v1")
    key = os.environ.get(options.api_key_env)
    if not key and not options.base_url:
        raise UsageError(
            f"Model 'openai:{name}' needs a key: set {options.api_key_env}, or give --base-url of "
            "a server that needs none."
        )
    connection = Connection(base_url, api_key=Secret(key) if key else None)
    capabilities = await probe(Model(name=name), connection)
    return HTTPGenerator(Model(name=name), connection=connection, capabilities=capabilities)


async def open_openai_sdk(name: str, options: SessionOptions) -> Generator:
    """`openai-sdk:MODEL` through the openai package, for providers that need its authentication."""
    from openai import AsyncOpenAI

    from tts.backends.openai_sdk import SDKGenerator
    from tts.values import Model

    key = os.environ.get(options.api_key_env)
    if not key:
        raise UsageError(f"Model 'openai-sdk:{name}' needs a key: set {options.api_key_env}.")
    client = AsyncOpenAI(api_key=key, base_url=options.base_url or None, max_retries=0)
    return SDKGenerator(Model(name=name), client=client)


async def open_replay(name: str, options: SessionOptions) -> Generator:
    """`replay:FILE`: recorded generations of a real model."""
    from tts.backends.replay import ReplayGenerator, read_samples

    path = Path(name)
    if not path.is_file():  # noqa: ASYNC240 — once, before anything runs
        raise BadInput(f"Model 'replay:{name}': there is no file {name}.")
    return ReplayGenerator(read_samples(path))


async def open_simulated(name: str, options: SessionOptions) -> Generator:
    """`simulated:0.3`: right with that probability, for tests and dry benchmarks."""
    from tts.backends.simulated import SimulatedGenerator

    try:
        success = float(name)
    except ValueError as error:
        raise BadInput(f"Model 'simulated:{name}': write a probability such as 0.3.") from error
    return SimulatedGenerator(success=success)
