"""An engine's options, opened: models, verifier, prices, limits."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any

from msgspec import ValidationError, convert
from msgspec.structs import replace

from tts.budget import PriceTable
from tts.engine.asks import Asks, Opening
from tts.engine.opening import open_model, open_verifier
from tts.engine.solving import Waits
from tts.equivalence import Equivalence
from tts.errors import BadInput
from tts.executor import Limits
from tts.executor.concurrency import AdaptiveConcurrency, Concurrency
from tts.executor.gate import Gate
from tts.executor.limiter import RateLimiter
from tts.executor.limits import RetryPolicy
from tts.options import SessionOptions
from tts.protocols import Generator, RecordedGenerator
from tts.run import Verifier
from tts.values import Sampling, Usage

MAX_TOKENS = {"embedded": 160, "simulated": 64}
"""By kind of backend, where the user names no sampling."""


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
        """A usage with what it costs by the table; unknown stays unknown.

        A call without a model, of a local tool for example, costs what it reported itself.
        """
        if not model:
            return usage
        price = self.prices.price_of(model)
        cost = None if price is None else price.request_cost(usage)
        return usage if cost == usage.nanodollars else replace(usage, nanodollars=cost)

    def unspent(self, usage: Usage) -> Usage:
        """A sum without any call: nothing is known of what it cost where no price is."""
        model = next(iter(self.generators.values())).model.name
        unpriced = usage.calls == 0 and self.prices.price_of(model) is None
        return replace(usage, nanodollars=None) if unpriced else usage

    async def close(self) -> None:
        for generator in self.generators.values():
            await generator.close()
        close = getattr(self.verifier, "close", None)
        if close is not None:
            await close()
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
    """The most completion tokens of a draw where the user says nothing; half a short context.

    Recorded draws are all known: as many as the longest of them has.
    """
    if isinstance(generator, RecordedGenerator):
        return generator.longest
    name, context = generator.model.name, generator.model.context_length
    kind = "embedded" if name.startswith("vllm:embedded/") else name.partition(":")[0]
    return MAX_TOKENS.get(kind, min(2048, context // 2) if context else 2048)


def limits(options: SessionOptions, generator: Generator) -> Limits:
    """What bounds the executor; only remote models have an adaptive concurrency."""
    pool = generator.model.name
    remote = ":" not in pool
    rated = options.requests_per_minute or options.tokens_per_minute
    rate = RateLimiter(options.requests_per_minute, options.tokens_per_minute) if rated else None
    concurrency = (
        AdaptiveConcurrency(maximum=options.concurrency)
        if remote and options.adaptive
        else Concurrency(options.concurrency)
    )
    return Limits(
        gate=Gate(options.concurrency, pools={pool: concurrency}),
        rates={pool: rate} if rate else {},
        retry=RetryPolicy(retries=options.retries),
        timeout=options.timeout,
    )
