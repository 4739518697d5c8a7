"""Several models side by side: a session for each, over resources that they share."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace

from tts.engine.asks import Asks, Opening
from tts.engine.model_spec import ModelSpec
from tts.engine.session import (
    Closable,
    Session,
    chosen_sampling,
    limits,
    open_model,
    open_session,
    open_verifier,
)
from tts.errors import BadInput, UsageError
from tts.options import SessionOptions

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]{0,99}")
OWN_SERVER = ("url", "key_env")
"""What may stand behind the `?` of a model on a server of its own."""


@dataclass(frozen=True)
class ServedModel:
    """One model as it is named on a command line."""

    name: str
    """By which clients ask for it; empty: as its server calls it."""
    options: SessionOptions

    @classmethod
    def read(cls, text: str, options: SessionOptions) -> ServedModel:
        """`NAME=BACKEND:MODEL`, or without the name; of a remote one, `?url=…&key_env=…` behind it.

        A server of its own gets the key that is named beside it, and no other. Raises `BadInput` or
        `UsageError`.
        """
        name, equals, spec = text.partition("=")
        if not equals or ":" in name:
            name, spec = "", text
        elif not NAME.fullmatch(name):
            raise BadInput(
                f"--model {text!r}: a name has letters, digits, dots, dashes and slashes."
            )
        backend, _, model = spec.partition(":")
        if backend.partition("-")[0] != "openai" or "?" not in model:
            return cls(name, replace(options, model=spec))
        parsed = ModelSpec.parse(model, known=OWN_SERVER)
        url, key = (parsed.options.get(option, "") for option in OWN_SERVER)
        own = replace(options, model=f"{backend}:{parsed.name}", api_key_env=key or None)
        return cls(name, replace(own, base_url=url or options.base_url))


@asynccontextmanager
async def open_served(
    options: SessionOptions, models: Sequence[str], *, asks: Asks | None = None
) -> AsyncIterator[Mapping[str, Session]]:
    """A session for each model by the name that clients give, in their order, closed at the end.

    They share what finds, runs and compares, and the limits; each has its own model, default
    sampling and verifier. Raises `UsageError` for what cannot be opened, and for two of one name.
    """
    async with AsyncExitStack() as stack:
        found: dict[str, Session] = {}
        for one in [ServedModel.read(text, options) for text in models]:
            if found:
                session = await _beside(next(iter(found.values())), one.options, asks, stack)
            else:
                session = await open_session(one.options, asks=asks)
                stack.push_async_callback(session.close)
            name = one.name or session.generator.model.name
            _alone(name, session, found)
            found[name] = session
        drawn = [session.generator for session in found.values()]
        shared = limits(options, *drawn)
        yield {name: replace(session, limits=shared) for name, session in found.items()}


async def _beside(
    first: Session, options: SessionOptions, asks: Asks | None, stack: AsyncExitStack
) -> Session:
    opening = Opening(**vars(options), asks=asks or Asks(options))
    generator = await open_model(options.model, opening)
    stack.push_async_callback(generator.close)
    verifier = await open_verifier(opening, generator)
    if isinstance(verifier, Closable):
        stack.push_async_callback(verifier.close)
    return replace(
        first,
        generators={**first.generators, "default": generator},
        verifier=verifier,
        sampling=chosen_sampling(options.sampling, generator),
    )


def _alone(name: str, session: Session, found: Mapping[str, Session]) -> None:
    """Raises `UsageError` where calls of two models could not be told apart."""
    if name in found:
        raise UsageError(f"Two models are called {name!r}: name them, --model NAME=BACKEND:MODEL.")
    own = session.generator.model.name
    if any(own == other.generator.model.name for other in found.values()):
        raise UsageError(
            f"Two servers call their model {own!r}: limits, prices and records go by that name."
            " Serve one of them under another (--served-model-name of vLLM)."
        )
