"""An engine's options, opened: models and verifiers by name, prices, limits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, Protocol, TypeVar, runtime_checkable

from msgspec import ValidationError, convert
from msgspec.structs import replace

from tts.answers import TASKS
from tts.budget import PriceTable
from tts.engine.asks import Asks, Opening
from tts.engine.open_retriever import open_demonstrations, open_retrieval
from tts.engine.open_sandbox import repository_box, shared_sandbox
from tts.engine.registry import BACKENDS, VERIFIERS
from tts.engine.time_limit import Waits
from tts.equivalence import Equivalence
from tts.errors import BadInput, TTSError, UnknownName, UsageError, described
from tts.executor import Limits
from tts.executor.concurrency import AdaptiveConcurrency, Concurrency
from tts.executor.gate import Gate
from tts.executor.limiter import RateLimiter
from tts.executor.limits import ATTEMPT_SECONDS, RetryPolicy
from tts.options import SessionOptions
from tts.protocols import Defaults, Generator, Operation, SelfReporting, defaults_of
from tts.run import Verifier
from tts.tools.shielded import in_thread
from tts.values import Demonstration, Sampling, Usage

if TYPE_CHECKING:
    from tts.retrieval import Retrieval
    from tts.verifiers.code import KnownVerdicts


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
    retrieval: Retrieval | None = None
    """What finds documents; None: there is no corpus."""
    demonstrations: tuple[Demonstration, ...] = ()
    execution: Operation | None = None
    """What runs a candidate under checks; None: nothing does."""
    sandbox: Closable | None = None
    """Where programs run; None: nowhere."""
    scripts: Operation | None = None
    """What runs scripts in repositories; None: nothing does."""
    repositories: Closable | None = None
    """Where they run; None: nowhere."""

    @property
    def generator(self) -> Generator:
        """The default one."""
        return next(iter(self.generators.values()))

    @cached_property
    def batched(self) -> frozenset[str]:
        """Models whose calls travel by the file, at a price of their own."""
        found = self.generators.values()
        return frozenset(one.model.name for one in found if defaults_of(one).batched)

    @cached_property
    def reporting(self) -> frozenset[str]:
        """Models that say themselves what their draws cost, as agents do."""
        found = self.generators.values()
        return frozenset(one.model.name for one in found if isinstance(one, SelfReporting))

    def price(self, model: str, usage: Usage) -> Usage:
        """A usage with what it costs by the table, and with its fresh part: what is not cached.

        Unknown stays unknown. A call without a model, of a local tool for example, costs what it
        reported itself, and so does one of an agent.
        """
        price = self.prices.price_of(model) if model else None
        batched = model in self.batched
        cost = None if price is None else price.request_cost(usage, batched=batched)
        cost = cost if model and model not in self.reporting else usage.nanodollars
        return replace(
            usage,
            nanodollars=cost,
            fresh_tokens=usage.tokens - usage.cached_prompt_tokens,
            fresh_flops=usage.flops,
            fresh_nanodollars=cost,
        )

    def unspent(self, usage: Usage) -> Usage:
        """A sum without any call: nothing is known of what it cost where no price is."""
        model = self.generator.model.name
        unpriced = usage.calls == 0 and self.prices.price_of(model) is None
        return replace(usage, nanodollars=None, fresh_nanodollars=None) if unpriced else usage

    async def close(self) -> None:
        for generator in self.generators.values():
            await generator.close()
        if isinstance(self.verifier, Closable):
            await self.verifier.close()
        await self.equivalence.close()
        for one in (self.sandbox, self.repositories):
            if one is not None:
                await one.close()


async def open_session(
    options: SessionOptions,
    *,
    asks: Asks | None = None,
    sends: bool = True,
    verdicts: KnownVerdicts | None = None,
) -> Session:
    """Open models, verifier and prices; raises `UsageError` for what cannot be opened.

    What was opened before the error, or before a cancellation, is closed again.

    Args:
        options: what is opened.
        asks: sends what endpoints have to be asked; None: nobody records it.
        sends: False where nothing may be sent and no key is needed: for estimates.
        verdicts: of programs that were graded before, and where new ones are kept.
    """
    from tts.verifiers.code import Executing, ProgramGrader

    options = Opening(**vars(options), asks=asks or Asks(options) if sends else None)
    prices = PriceTable.load(options.prices)
    shown = open_demonstrations(options)  # local files before any server is asked
    retrieval = await in_thread(partial(open_retrieval, options))
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
        box, repositories = shared_sandbox(options), repository_box(options)
        opened.pop_all()
    return Session(
        generators=generators,
        verifier=verifier,
        equivalence=Equivalence(programs=repositories.beside(ProgramGrader(box, verdicts))),
        execution=Executing(box),
        sandbox=box,
        scripts=repositories.scripts,
        repositories=repositories,
        prices=prices,
        limits=limits(options, default),
        sampling=sampling,
        retrieval=retrieval,
        demonstrations=shown,
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


BATCH = 100_000
"""Calls in flight, at least, where they travel by the file."""


def limits(options: SessionOptions, *generators: Generator) -> Limits:
    """What bounds the executor; concurrency adapts where a server may refuse calls."""
    suits = {generator.model.name: defaults_of(generator) for generator in generators}
    batched = any(each.batched for each in suits.values())
    most = max(options.concurrency, BATCH) if batched else options.concurrency
    rated = options.requests_per_minute or options.tokens_per_minute
    return Limits(
        gate=Gate(
            most,
            pools={pool: _concurrency(options, most, each) for pool, each in suits.items()},
        ),
        rates={
            pool: RateLimiter(options.requests_per_minute, options.tokens_per_minute)
            for pool in (suits if rated else ())
        },
        retry=RetryPolicy(retries=options.retries),
        timeout=options.timeout or max(ATTEMPT_SECONDS, *(each.slowest for each in suits.values())),
    )


def _concurrency(options: SessionOptions, most: int, suits: Defaults) -> Concurrency:
    """Calls of one model in flight: no more than its server works on, so that what waits does so here,
    where its time does not run."""
    most = min(most, suits.most_in_flight or most)
    adapts = options.adaptive and suits.sheds_load
    return AdaptiveConcurrency(maximum=most) if adapts else Concurrency(most)


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


KnownName = TypeVar("KnownName", bound=str)


def _one_of(kind: str, known: Sequence[KnownName], name: str) -> KnownName:
    """The verifier of this name, the first one where none is given."""
    for one in known:
        if name in ("", one):
            return one
    raise UnknownName(f"{kind} verifier", name, known, flag="--verifier")


async def open_embedded_verifier(
    name: str, options: SessionOptions, generator: Generator
) -> Verifier:
    """`embedded:prm` and the other shipped process reward models."""
    from tts.backends.embedded.model import SCORERS, EmbeddedModel, aggregate_of
    from tts.backends.embedded.step_scorer import EmbeddedStepScorer
    from tts.verifiers import ProcessReward

    known = _one_of("embedded", SCORERS, name)
    scorer = EmbeddedStepScorer(EmbeddedModel.shipped(known))
    return ProcessReward(
        scorer,
        render=TASKS["arithmetic"].render,
        aggregate=options.aggregate or aggregate_of(known),
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

    _one_of("recorded", ["scores"], name)
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


async def open_instructions(name: str, options: SessionOptions, generator: Generator) -> Verifier:
    """`instructions`: the share that an answer keeps to of what its question says."""
    from tts.verifiers import InstructionsVerifier

    if name:
        raise UsageError(f"Verifier 'instructions:{name}': it takes no name, write instructions.")
    return InstructionsVerifier()


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
