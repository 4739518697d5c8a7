"""A small laboratory: jobs in memory, doubles for model and verifier, time that jumps."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Mapping, Sequence
from html.parser import HTMLParser
from random import Random
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import settings
from msgspec.structs import replace
from sqlalchemy import create_engine

from tts.answers import TASKS, Aggregate
from tts.backends.scripted import ScriptedGenerator, ScriptedScorer
from tts.budget import PriceTable
from tts.engine import Job, Session
from tts.equivalence import Equivalence
from tts.errors import CallError, LedgerError
from tts.eval.bench.simulation import JumpingLoop
from tts.executor import Limits
from tts.executor.gate import Gate
from tts.executor.limiter import RateLimit
from tts.executor.limits import RetryPolicy
from tts.ledger import MemoryJournal, MemoryLeases
from tts.protocols import (
    Abort,
    Answer,
    CallRow,
    Came,
    Draw,
    Drawn,
    GenerateReply,
    GenerateRequest,
    IntentRow,
    Meter,
    OperationSpec,
    OutcomeRow,
    Reply,
    SettledRow,
    UseRow,
)
from tts.values import Budget, Candidate, Capabilities, Problem, Result, Sampling, Usage
from tts.verifiers import PairwiseJudge, ProcessReward

PRICES = PriceTable.load(None)
settings.register_profile("shared machine", deadline=None)
settings.load_profile("shared machine")


@pytest.fixture(autouse=True)
def own_cache(tmp_path_factory: Any, monkeypatch: Any) -> None:
    """What endpoints support is remembered for one test: their ports are used again."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))


@pytest.fixture
def postgres_place() -> Iterator[str]:
    """A schema of its own in the server that TTS_TEST_POSTGRES names."""
    yield from schema()


@pytest.fixture
def other_postgres() -> Iterator[str]:
    """Another one."""
    yield from schema()


def schema() -> Iterator[str]:
    url = os.environ.get("TTS_TEST_POSTGRES")
    if not url:
        pytest.skip("TTS_TEST_POSTGRES names no PostgreSQL server")
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    name = f"tts_{uuid4().hex}"
    with engine.connect() as connection:
        connection.exec_driver_sql(f"CREATE SCHEMA {name}")
        yield f"{url}?options=-csearch_path%3D{name}"
        connection.exec_driver_sql(f"DROP SCHEMA {name} CASCADE")
    engine.dispose()


class Judging(ProcessReward):
    """A reward model that lets a model compare, so that one session suits every strategy."""

    def __init__(self, scorer: Any, judge: Any, aggregate: Aggregate = "min") -> None:
        super().__init__(scorer, render=TASKS["arithmetic"].render, aggregate=aggregate)
        short = Sampling(temperature=0.0, max_tokens=16)
        self.prefer = PairwiseJudge(judge, sampling=short).prefer


class Slow:
    """A generator whose draws take times that a seed decides; it notes what is under way."""

    def __init__(
        self, inner: Any, *, shuffle: int = 0, fixed: float | None = None, bills: int = 1
    ) -> None:
        self.inner, self.shuffle, self.fixed, self.bills = inner, shuffle, fixed, bills
        self.open, self.most, self.cancelled = 0, 0, 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    async def generate(
        self, request: GenerateRequest, meter: Meter, listener: Any = None
    ) -> GenerateReply:
        wait = Random(f"{self.shuffle}{request.seeds}").random()
        self.open += 1
        self.most = max(self.most, self.open)
        try:
            await asyncio.sleep(wait if self.fixed is None else self.fixed)
            reply: GenerateReply = await self.inner.generate(request, meter, listener)
            return reply
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        finally:
            self.open -= 1


class Callbacks:
    """A generator that draws by callbacks what its inner one draws.

    `turns` says what becomes of each sending, in order: it "draws" (so do all later ones), "never"
    answers, cannot leave "now", or `begin` raises an error. `aborted` counts what was taken back.
    """

    prompt = True

    def __init__(self, inner: Any, *turns: Any) -> None:
        self.inner, self.turns = inner, list(turns)
        self.begun, self.aborted = 0, 0
        self._drawing: set[asyncio.Task[None]] = set()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    def begin(self, request: GenerateRequest, meter: Meter, drawn: Drawn) -> Abort | None:
        turn = self.turns.pop(0) if self.turns else "draws"
        if isinstance(turn, Exception):
            raise turn
        if turn == "now":
            return None
        self.begun += 1
        task = asyncio.ensure_future(self._draw(request, meter, drawn, turn))
        self._drawing.add(task)
        task.add_done_callback(self._drawing.discard)

        def abort() -> None:
            self.aborted += 1
            task.cancel()

        return abort

    async def _draw(self, request: GenerateRequest, meter: Meter, drawn: Drawn, turn: str) -> None:
        came: GenerateReply | CallError
        try:
            if turn == "never":
                await asyncio.Event().wait()
            came = await self.inner.generate(request, meter)
        except CallError as error:
            came = error
        drawn(came)


class Told:
    """A strategy made of a function."""

    name = "told"

    def __init__(self, solve: Callable[..., Awaitable[Any]], finish: Any = None, **parameters: Any):
        self._solve, self._finish, self.parameters = solve, finish, parameters

    async def solve(self, problem: Problem, run: Any) -> Any:
        return await self._solve(problem, run)

    async def finish(self, problem: Problem, run: Any) -> Any:
        return await self._finish(problem, run) if self._finish else None


class Tool:
    """An operation of a given effect, cost and time; `performed` keeps its arguments.

    With `prompt` it is begun without a coroutine of the executor's.
    """

    content_type = str

    def __init__(self, name: str = "tool", *, effect: Any = "read", **how: Any) -> None:
        self.cost, self.most = how.pop("cost", 1), how.pop("most", 10)
        self.seconds, self.errors = how.pop("seconds", 0.0), list(how.pop("errors", ()))
        self.random = how.pop("random", False)
        self.spec = OperationSpec(
            name=name, version="1", role="tool", effect=effect, pool=name, **how
        )
        self.performed: list[tuple[Any, ...]] = []
        self._working: set[asyncio.Task[None]] = set()

    def identity(self, args: tuple[Any, ...]) -> Any:
        return [str(arg) for arg in args]

    def stochastic(self, args: tuple[Any, ...]) -> bool:
        return bool(self.random)

    def of(self, value: Any, args: tuple[Any, ...]) -> Any:
        return value(*args) if callable(value) else value

    def worst(self, args: tuple[Any, ...], *, first: bool) -> Usage:
        return Usage(calls=1, prompt_tokens=self.of(self.most, args))

    def attributed(self, usage: Usage, *, first: bool) -> Usage:
        return usage

    def foresee(self, args: tuple[Any, ...], text_tokens: int) -> Usage:
        return Usage(calls=1, prompt_tokens=self.most if isinstance(self.most, int) else 10)

    def max_new_tokens(self, args: tuple[Any, ...]) -> int:
        return 0

    async def perform(self, args: tuple[Any, ...], draws: Sequence[Draw], meter: Meter) -> Answer:
        self.performed.append(args)
        await asyncio.sleep(self.of(self.seconds, args))
        if self.errors:
            error = self.errors.pop(0)
            if error is not None:
                raise error
        usage = Usage(calls=1, prompt_tokens=self.of(self.cost, args))
        return Answer(
            replies=tuple(Reply(content=f"{args}", usage=usage) for _ in draws), billed=usage
        )

    def begin(
        self, args: tuple[Any, ...], draws: Sequence[Draw], meter: Meter, came: Came
    ) -> Abort:
        async def work() -> None:
            told: Answer | CallError
            try:
                told = await self.perform(args, draws, meter)
            except CallError as error:
                told = error
            came(told)

        task = asyncio.ensure_future(work())
        self._working.add(task)
        task.add_done_callback(self._working.discard)
        return task.cancel  # type: ignore[return-value]

    def value(self, args: tuple[Any, ...], content: Any, key: str) -> Any:
        return content

    def pretend(self, args: tuple[Any, ...], draw: Draw) -> Any:
        return ""


class MortalJournal(MemoryJournal):
    """Dies at its k-th commit or write: nothing later is kept."""

    def __init__(self, *, job: str = "memory", life: int = 10**9) -> None:
        super().__init__(job=job)
        self.life = life

    def _spend(self) -> None:
        self.life -= 1
        if self.life < 0:
            raise LedgerError("The disk is full.")

    def write(self, *rows: Any) -> None:
        self._spend()
        super().write(*rows)

    def commit(self, *rows: Any) -> Any:
        try:
            self._spend()
        except LedgerError as error:
            future = asyncio.get_running_loop().create_future()
            future.set_exception(error)
            return future
        return super().commit(*rows)


def unshared(usage: Usage) -> Usage:
    """A use without what it shares with others."""
    return replace(
        usage, cached_prompt_tokens=0, fresh_tokens=None, fresh_flops=None, fresh_nanodollars=None
    )


class Lab:
    """Everything that a run needs, in memory."""

    Slow, Callbacks, Told, Tool, Judging = Slow, Callbacks, Told, Tool, Judging
    MortalJournal = MortalJournal
    problem = Problem(id="p", prompt="What is six times seven?", task="arithmetic", answer="42")
    sampling = Sampling(max_tokens=12)
    answer = Candidate(problem=problem, text="fine", key="k", final=True, answer="42")

    def run(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        """Run in simulated time."""
        with asyncio.Runner(loop_factory=JumpingLoop) as runner:
            return runner.run(coroutine)

    def words(self, script: Any, **how: Any) -> ScriptedGenerator:
        return ScriptedGenerator(script, **how)

    def session(
        self,
        generator: Any,
        *,
        scores: Any = None,
        limit: int = 512,
        retry: RetryPolicy | None = None,
        sampling: Sampling | None = None,
        timeout: float = 600.0,
        gate: Gate | None = None,
        rates: Mapping[str, RateLimit] | None = None,
    ) -> Session:
        scorer = ScriptedScorer(scores if scores is not None else {})
        limits = Limits(
            gate=gate or Gate(limit),
            rates=dict(rates or {}),
            retry=retry or RetryPolicy(),
            timeout=timeout,
        )
        return Session(
            generators={"default": generator},
            verifier=Judging(scorer, generator),
            equivalence=Equivalence(),
            prices=PRICES,
            limits=limits,
            sampling=sampling or self.sampling,
        )

    async def solve(
        self,
        strategy: Any,
        generator: Any = None,
        *,
        budget: Budget | None = None,
        journal: MemoryJournal | None = None,
        wallet: Budget | None = None,
        observe: Any = None,
        replicate: int = 0,
        **session: Any,
    ) -> Result:
        """One strategy (or function) on the problem, in a job of its own."""
        chosen = Told(strategy) if not hasattr(strategy, "solve") else strategy
        generator = generator if generator is not None else self.words(lambda *_: "\\boxed{42}")
        book = journal if journal is not None else MemoryJournal(job="lab")
        await book.load(self.problem.id)
        job = Job(
            self.session(generator, **session),
            name="lab",
            journal=book,
            leases=MemoryLeases(),
            wallet=wallet,
            observe=observe,
        )
        async with job:
            return await job.solve(self.problem, chosen, budget, replicate=replicate)

    def again(self, journal: MemoryJournal) -> MemoryJournal:
        """A new process's journal with what the old one made durable."""
        fresh = MemoryJournal(job=journal.job)
        fresh.write(*journal.rows)
        fresh.forget(self.problem.id)
        return fresh

    def rows(self, journal: MemoryJournal, kind: type) -> list[Any]:
        return [row for row in journal.rows if isinstance(row, kind)]

    def books(self, journal: MemoryJournal) -> list[str]:
        """What was written down, but for ids of attempts, times, order, and which of the uses that
        share a prompt carries it: all of them together cost the same."""
        told: list[tuple[Any, ...]] = []
        uses = [row.attributed for row in journal.rows if isinstance(row, UseRow)]
        told.append(("fresh", sum(use.fresh_tokens or 0 for use in uses)))
        for row in journal.rows:
            match row:
                case IntentRow():
                    told.append(("intent", row.key, row.run_id, row.number, row.worst))
                case SettledRow():
                    told.append(("settled", row.state, row.billed, row.error))
                case UseRow():
                    told.append(
                        (
                            "use",
                            row.run_id,
                            row.node,
                            row.key,
                            row.inputs,
                            row.origin,
                            unshared(row.attributed),
                        )
                    )
                case CallRow():
                    told.append(("call", row))
                case OutcomeRow():
                    told.append(("outcome", row))
                case _:
                    continue
        return sorted(map(repr, told))

    def error(self, kind: type[CallError], text: str = "no") -> CallError:
        return kind(text)

    def capabilities(self, **how: Any) -> Capabilities:
        return Capabilities(**{"n": True, "prefill": True, "seed": True, "keeps_stop": True, **how})

    def scripted(self, lines: Mapping[int, str]) -> ScriptedGenerator:
        """Draw i says lines[i]."""
        return self.words(lambda _, __, index: lines[index])


@pytest.fixture(scope="session")
def lab() -> Lab:
    return Lab()


class Tags(HTMLParser):
    """Collects tags and attributes."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))


def _tags_of(page: str) -> list[tuple[str, dict[str, str | None]]]:
    parser = Tags()
    parser.feed(page)
    return parser.seen


@pytest.fixture(scope="session")
def tags_of() -> Callable[[str], list[tuple[str, dict[str, str | None]]]]:
    """Every tag of a page, with its attributes."""
    return _tags_of
