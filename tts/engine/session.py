"""An engine's options, opened: models, verifier, prices, limits."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from msgspec import ValidationError, convert
from msgspec.structs import replace

from tts.budget import PriceTable
from tts.engine.asks import Asks, Opening
from tts.engine.opening import open_model, open_verifier
from tts.engine.time_limit import Waits
from tts.equivalence import Equivalence
from tts.errors import BadInput
from tts.executor import Limits
from tts.executor.concurrency import AdaptiveConcurrency, Concurrency
from tts.executor.gate import Gate
from tts.executor.limiter import RateLimiter
from tts.executor.limits import RetryPolicy
from tts.options import SessionOptions
from tts.protocols import Generator, defaults_of
from tts.run import Verifier
from tts.values import Sampling, Usage


@runtime_checkable
class Closable(Protocol):
    """A verifier that holds something: a model, a connection."""

    async def close(self) -> None: ...


@dataclass(frozen=True, kw_only=True)
class Session:
    """Open resources of one event loop; closing it closes them all."""

    generators: Mapping[str, Generator]
    """By name; the first is the default."""
    verifier: Verifier | None
    equivalence: Equivalence
    prices: PriceTable
    limits: Limits
    sampling: Sampling

    def price(self, model: str, usage: Usage) -> Usage:
        """A usage with what it costs by the table, and with its fresh part: what is not cached.

        Unknown stays unknown. A call without a model, of a local tool for example, costs what it
        reported itself.
        """
        price = self.prices.price_of(model) if model else None
        cost = None if price is None else price.request_cost(usage)
        cost = cost if model else usage.nanodollars
        return replace(
            usage,
            nanodollars=cost,
            fresh_tokens=usage.tokens - usage.cached_prompt_tokens,
            fresh_flops=usage.flops,
            fresh_nanodollars=cost,
        )

    def unspent(self, usage: Usage) -> Usage:
        """A sum without any call: nothing is known of what it cost where no price is."""
        model = next(iter(self.generators.values())).model.name
        unpriced = usage.calls == 0 and self.prices.price_of(model) is None
        return replace(usage, nanodollars=None) if unpriced else usage

    async def close(self) -> None:
        for generator in self.generators.values():
            await generator.close()
        if isinstance(self.verifier, Closable):
            await self.verifier.close()
        await self.equivalence.close()


async def open_session(
    options: SessionOptions, *, asks: Asks | None = None, sends: bool = True
) -> Session:
    """Open models, verifier and prices; raises `UsageError` for what cannot be opened.

    What was opened before the error, or before a cancellation, is closed again.

    Args:
        options: what is opened.
        asks: sends what endpoints have to be asked; None: nobody records it.
        sends: False where nothing may be sent and no key is needed: for estimates.
    """
    options = Opening(**vars(options), asks=asks or Asks(options) if sends else None)
    prices = PriceTable.load(options.prices)
    async with AsyncExitStack() as opened:
        generators: dict[str, Generator] = {}
        for name, spec in {"default": options.model, **options.models}.items():
            with Waits().said(f"{spec} to answer its first questions"):
                generators[name] = await open_model(spec, options)
            if isinstance(spec, str):
                opened.push_async_callback(generators[name].close)
        default = generators["default"]
        sampling = chosen_sampling(options.sampling, default)
        verifier = await open_verifier(options, default)
        opened.pop_all()
    return Session(
        generators=generators,
        verifier=verifier,
        equivalence=Equivalence(),
        prices=prices,
        limits=limits(options, default),
        sampling=sampling,
    )


def chosen_sampling(fields: Mapping[str, Any], generator: Generator) -> Sampling:
    """The backend's default with the user's fields on top; `BadInput` names a wrong one."""
    try:
        return convert({"max_tokens": default_tokens(generator), **fields}, Sampling)
    except ValidationError as error:
        raise BadInput(f"Sampling: {error}") from error


def default_tokens(generator: Generator) -> int:
    """The most completion tokens of a draw where the user says nothing; half a short context."""
    context = generator.model.context_length
    by_context = min(2048, context // 2) if context else 2048
    return defaults_of(generator).max_tokens or by_context


def limits(options: SessionOptions, generator: Generator) -> Limits:
    """What bounds the executor; concurrency adapts where a server may refuse calls."""
    pool = generator.model.name
    rated = options.requests_per_minute or options.tokens_per_minute
    rate = RateLimiter(options.requests_per_minute, options.tokens_per_minute) if rated else None
    concurrency = (
        AdaptiveConcurrency(maximum=options.concurrency)
        if options.adaptive and defaults_of(generator).sheds_load
        else Concurrency(options.concurrency)
    )
    return Limits(
        gate=Gate(options.concurrency, pools={pool: concurrency}),
        rates={pool: rate} if rate else {},
        retry=RetryPolicy(retries=options.retries),
        timeout=options.timeout,
    )
