"""What is written down, and how it is found again.

Rows are appended, never changed, but for an attempt's state. `write` does not wait; `commit`
resolves once its rows are durable, in the order in which they were handed over, so that what a
strategy has seen is always on disk before anything that depends on it is sent."""

from __future__ import annotations

from asyncio import Future
from collections.abc import Callable, Sequence
from typing import Literal, Protocol

from msgspec import Struct

from tts.errors import Sent
from tts.values import Usage

Origin = Literal["made", "joined", "reused", "replayed"]
"""made: this use sent the call; joined: it waited for another's; reused, replayed: it was found."""

SENT = ":sent"
"""Ends the id under which an outcome says that a call with an effect was sent."""

OutcomeKind = Literal[
    "refused", "dropped", "failed", "join", "arrival", "share", "ceiling", "deadline"
]


class TextRow(Struct, frozen=True, gc=False):
    """A prompt, stored once by its hash."""

    hash: str
    text: str


class CallRow(Struct, frozen=True, kw_only=True, gc=False):
    """A finished call; its key is unique within a job."""

    job: str
    key: str
    problem_id: str
    operation: str
    version: str
    role: str
    model: str
    revision: str
    input_hash: str
    parent_key: str
    """Key of the call that this one continues; empty where it starts afresh."""
    index: int
    content: bytes
    """The reply's content as JSON; continuations hold the delta alone."""
    usage: Usage
    """Of the attempt that answered."""
    degraded: str = ""


class IntentRow(Struct, frozen=True, kw_only=True, gc=False):
    """An attempt about to be sent; `sent_unknown` until settled."""

    job: str
    attempt: str
    key: str
    run_id: str
    number: int
    """0 for the first attempt."""
    role: str
    model: str
    worst: Usage
    started_at: float
    """Seconds since the epoch."""
    queued_s: float


class SettledRow(Struct, frozen=True, kw_only=True, gc=False):
    """How an attempt ended and what it was billed."""

    job: str
    attempt: str
    state: Sent
    billed: Usage
    latency_s: float
    error: str = ""
    price_version: str = ""


class UseRow(Struct, frozen=True, kw_only=True, gc=False):
    """The use of a call by one node of one run: what it would have cost alone."""

    job: str
    run_id: str
    node: str
    key: str
    role: str
    name: str
    inputs: str
    """Ids of the nodes it depends on, comma-separated."""
    origin: Origin
    attributed: Usage
    at: float


class OutcomeRow(Struct, frozen=True, kw_only=True, gc=False):
    """What timing, budget or failure decided about a node; a replay repeats it."""

    job: str
    run_id: str
    node: str
    kind: OutcomeKind
    content: bytes
    """JSON: members of a join, the error of a failure, the dimension of a refusal."""
    attributed: Usage


class RunRow(Struct, frozen=True, kw_only=True, gc=False):
    """One strategy on one problem under one budget; written again when it ends."""

    job: str
    run_id: str
    problem_id: str
    strategy: str
    """Canonical JSON of name and parameters."""
    budget: str
    """Canonical JSON of the ceilings."""
    replicate: int
    result: bytes | None = None
    """JSON of the `tts.ledger` result record; None while the run is open."""
    stopped_by: str | None = None
    attributed: Usage | None = None
    billed: Usage | None = None
    seconds: float | None = None


class JobRow(Struct, frozen=True, kw_only=True, gc=False):
    """A durable evaluation or comparison and what it was made of."""

    job: str
    kind: str
    manifest: str
    """Canonical JSON: data, prompts, models, sampling, parameters, grader, prices, code."""
    created_at: float


Row = TextRow | CallRow | IntentRow | SettledRow | UseRow | OutcomeRow | RunRow | JobRow


Committed = Callable[[BaseException | None], None]
"""Told that rows are durable, or why they never will be."""


class Journal(Protocol):
    """The ledger as the executor sees it."""

    def find(self, key: str) -> CallRow | None:
        """A finished call of this job, among the problems that were loaded or written here."""
        ...

    def write(self, *rows: Row) -> None:
        """Append without waiting; raises `LedgerError` once the journal has failed."""
        ...

    def commit(self, *rows: Row) -> Future[None]:
        """Append; resolves once the rows are durable, fails with `LedgerError` where they are not."""
        ...

    def commit_then(self, then: Committed, *rows: Row) -> None:
        """The same, telling a callback, from the event loop and not before this has returned."""
        ...

    async def load(self, problem_id: str) -> None:
        """Make the finished calls of one problem findable."""
        ...

    def forget(self, problem_id: str) -> None:
        """Free what `load` and `commit` hold in memory for one problem."""
        ...

    def is_new(self, run_id: str, problem_id: str) -> bool:
        """Whether it is certain that nothing of a run on this problem is on record; asked once,
        before it begins."""
        ...

    async def uses(self, run_id: str) -> Sequence[UseRow]:
        """The recorded uses of a run: which node had which key."""
        ...

    async def outcomes(self, run_id: str) -> Sequence[OutcomeRow]:
        """The recorded outcomes of a run."""
        ...

    async def billed(self, run_id: str) -> Usage:
        """What the attempts of a run were billed, those of unknown end at their worst."""
        ...
