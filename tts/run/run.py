"""The surface that a strategy sees: verbs that grow the graph, joins that wait for it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Coroutine, Hashable, Mapping, Sequence
from typing import Any, TypeVar

import msgspec
import numpy as np

from tts.budget import Account, AdmissionQueue, Amounts
from tts.equivalence import Equivalence
from tts.errors import TTSError, UsageError
from tts.graph import Group, Node
from tts.prompts import Task
from tts.protocols import Operation, OutcomeRow
from tts.run.generation import Generation, Source, Until
from tts.run.identity import function_name, stable_seed
from tts.run.joins import AllJoin, FirstJoin, Successes, refuse
from tts.run.kept import KeptCandidates
from tts.run.reach import reach
from tts.run.scheduler import Scheduler
from tts.run.settings import RunSettings
from tts.run.streaming import streamed
from tts.run.worst_cases import WorstCases
from tts.values import (
    NOTHING,
    Candidate,
    CandidateEvent,
    Dimension,
    NodeEvent,
    Score,
    Usage,
)

T = TypeVar("T")


class Run:
    """One strategy on one problem. Calling a verb returns a node at once.

    `sample`, `score` and `call` submit; `all`, `first` and `arrivals` wait; `spawn` starts a
    child Run; `drop` cancels. A node starts when its last input is done and there is room in the
    budget; nothing waits for anything that it does not need.
    """

    def __init__(
        self,
        settings: RunSettings,
        *,
        scheduler: Scheduler,
        account: Account,
        parent: Run | None = None,
        path: str = "",
        prefix: tuple[int, ...] = (),
        queue: AdmissionQueue | None = None,
    ) -> None:
        self.settings, self.scheduler, self.parent, self.path = settings, scheduler, parent, path
        self.account = account
        self.queue = queue or AdmissionQueue(account)
        self.problem = settings.problem
        self.kept: KeptCandidates = parent.kept if parent else KeptCandidates()
        self._root: Run | None = parent.root if parent else None
        self.submitted = 0
        self.children: list[Run] = []
        self.give_back: Callable[[], None] | None = None
        """Returns a child's share; set by whoever granted it."""
        self.grant: Amounts = parent.grant if parent and queue else account.ceilings
        """The ceilings that shares are parts of."""
        self.closed = self.aborted = False
        """Ended by an error or an interruption: what is dropped now is not an outcome."""
        self._prefix, self._epoch = prefix, 0
        self.unsettled: set[Node[Any]] = parent.unsettled if parent else set()
        self.billed: Usage = NOTHING
        self.spend: dict[str, Usage] = parent.spend if parent else {}
        """Attributed use by what the calls were for."""
        self.draws: dict[bytes, int] = {}
        """How often each base key was drawn by this Run."""
        self.least: WorstCases = parent.least if parent else WorstCases()
        """Priced worst cases of an end and of one draw; nothing where no ceiling asks for them."""
        self.set_aside: Mapping[Dimension, int] = {}
        """Kept back for `finish`; room again once there is an answer to fall back on."""
        self._generations: dict[str, Generation] = {}
        self._rng: np.random.Generator | None = None

    # Verbs

    def sample(
        self,
        source: Source | Node[Any],
        n: int = 1,
        until: Until = "end",
        *,
        model: str = "",
        **sampling: Any,
    ) -> list[Node[Candidate]]:
        """`n` draws from a problem, from messages, or continuing a candidate.

        Args:
            source: where to draw from; a node stands for its value.
            n: how many draws.
            until: the end of the solution, or the end of its next step.
            model: name of another generator than the run's default.
            sampling: fields of `Sampling` that differ from the run's.
        """
        operation = self.generation(model)
        chosen = msgspec.structs.replace(self.settings.sampling, **sampling)
        args, group = (source, chosen, until), Group()
        return [self._submit(args, operation=operation, group=group, position=i) for i in range(n)]

    def score(self, candidate: Candidate | Node[Candidate]) -> Node[Score]:
        """The verifier's verdict on a candidate; kept beside it."""
        if self.settings.verifier is None:
            raise UsageError("This strategy scores candidates: give the engine a verifier.")
        node: Node[Score] = self.settings.verifier.score(candidate, self)  # type: ignore[assignment]
        node.listen(lambda done: self._keep_score(candidate, done))
        return node

    def call(self, function: Callable[..., Any] | Operation, *args: Any) -> Node[Any]:
        """A function of values, or an operation, run once its arguments are there.

        Functions are local, free and recomputed on replay; they may be coroutines. Operations
        are priced, journalled and found again.
        """
        if hasattr(function, "perform"):
            return self._submit(args, operation=function)
        return self._submit(args, function=function)

    def spawn(
        self,
        coroutine: Callable[..., Coroutine[Any, Any, T]],
        *args: Any,
        share: float | None = None,
    ) -> Node[T]:
        """A child Run: `coroutine(*args, run=child)`.

        Args:
            coroutine: what the child does.
            args: passed on; nodes stand for their values.
            share: part of this Run's ceilings that the child may spend, 0…1; what it leaves
                returns when it ends. None: the child draws on this Run's account; which of
                several such children a refusal meets then depends on timing.
        """
        from tts.run.child import Share, run_child

        node: Node[T] = self._node(args, name=function_name(coroutine))
        granted = Share(self, node, share) if share is not None else None
        node.function = lambda *values: run_child(coroutine, values, self, node, granted)
        self._enter(node)
        return node

    # Joins

    def all(self, nodes: Sequence[Node[T]]) -> Node[Successes[T]]:
        """Every success, in submission order, with `.failed`."""
        join = self._join("all", nodes)
        AllJoin(join, nodes)
        return join

    def first(
        self,
        nodes: Sequence[Node[T]],
        k: int = 1,
        where: Callable[[T], bool] | None = None,
        *,
        agree: Callable[[T], Hashable] | None = None,
    ) -> Node[Successes[T]]:
        """The first `k` values to arrive that qualify; fewer where not so many do.

        Args:
            nodes: who takes part. The others run on; `drop` them where they are not wanted.
            k: how many.
            where: which values qualify.
            agree: only values with the same `agree(value)` count together.
        """
        join = self._join("first", nodes)
        recorded = self.settings.recorded.members(self.id_of(join))
        if recorded is not None:
            chosen = [nodes[i] for i in recorded]
            AllJoin(join, chosen)
        else:
            FirstJoin(
                nodes,
                k=k,
                where=where,
                agree=agree,
                decide=lambda members: self._decide(join, members, nodes),
                refuse=lambda error: refuse(join, error),
            )
        return join

    async def arrivals(self, nodes: Sequence[Node[T]]) -> AsyncIterator[Node[T]]:
        """The nodes in the order in which they settle; a replay repeats the recorded order."""
        from tts.run.arrivals import arrivals

        join: Node[Any] = self._node((), name="arrivals")
        async for node in arrivals(self, self.id_of(join), nodes):
            self.node_awaited(node)
            yield node

    def stream(self, node: Node[Candidate]) -> AsyncIterator[str]:
        """The text of a draw from now on as it grows; what was drawn before comes in one piece."""
        return streamed(self, node)

    def drop(self, nodes: Sequence[Node[Any]]) -> None:
        """Cancel the nodes that have not settled; the cancellation reaches the backend."""
        for node in nodes:
            if not node.settled:
                self.scheduler.drop(node, self)

    # Facts

    @property
    def root(self) -> Run:
        """The Run that this one was spawned from, or itself; kept so that a Run holds no circle."""
        return self._root or self

    @property
    def rng(self) -> np.random.Generator:
        """Seeded by (seed, problem, path): the same for every replay of this Run."""
        if self._rng is None:
            seed = stable_seed("rng", self.settings.seed, self.problem.id, self.path)
            self._rng = np.random.default_rng(seed)
        return self._rng

    @property
    def left(self) -> dict[Dimension, int]:
        """Room in the capped dimensions, reservations taken as spent."""
        return self.account.left()

    @property
    def spent(self) -> Usage:
        """Attributed use so far."""
        return self.account.spent

    def id_of(self, node: Node[Any]) -> str:
        return f"{self.path}{node.ordinal}"

    # What nodes and the scheduler tell

    @property
    def place(self) -> tuple[int, ...]:
        """Where nodes submitted now stand: behind all that was submitted before the last await."""
        return (*self._prefix, self._epoch)

    def node_awaited(self, node: Node[Any]) -> None:
        self._epoch += 1
        self.scheduler.awaited(node, self)

    def node_ready(self, node: Node[Any]) -> None:
        self.scheduler.ready(node, self)

    def node_settled(self, node: Node[Any]) -> None:
        self.unsettled.discard(node)
        if node.operation is not None and node.state == "done":
            self._keep(node)
        elif node.state == "failed" and node.error is not None:
            self.kept.fail(node.error, (self.path, node.ordinal))
        if self.settings.watched:
            state = "finished" if node.state == "done" else node.state
            self.note(node, state)

    @property
    def task(self) -> Task:
        """The prompt template and answer extraction of this problem."""
        return self.settings.task

    def generation(self, model: str = "") -> Generation:
        """The operation behind `sample` for a model, by name; the run's default without one."""
        generators = self.settings.generators
        name = model or next(iter(generators))
        if name not in self._generations:
            self._generations[name] = Generation(
                generators[name],
                task=self.settings.task,
                problem=self.problem,
                replicate=self.settings.seed,
            )
        return self._generations[name]

    def keep_back(self, share: Mapping[Dimension, int]) -> None:
        """Set a share of the ceilings aside for the end."""
        self.set_aside = share
        self.account.raise_ceilings({name: -amount for name, amount in share.items()})
        self.grant = self.account.ceilings

    def release(self) -> None:
        """Give the share that was set aside for the end back to the account."""
        more, self.set_aside = self.set_aside, {}
        if more:
            self.account.raise_ceilings(more)
            self.queue.pump()

    def close(self) -> None:
        """End this Run: whatever it and its children still wait for is dropped."""
        self.closed = True
        for child in list(self.children):
            child.close()
        own = [node for node in self.unsettled if node.owner is self]
        self.drop(sorted(own, key=lambda node: node.ordinal))
        give_back, self.give_back = self.give_back, None
        if give_back is not None:
            give_back()

    def abort(self) -> None:
        """End this Run and write nothing of it down, so that a resumed one goes on from here."""
        self.aborted = True
        self.close()

    @property
    def equivalence(self) -> Equivalence:
        """When two answers are the same answer."""
        return self.settings.equivalence

    def note(self, node: Node[Any], state: Any) -> None:
        """Tell the observers, where there are any."""
        if self.settings.watched:
            at = self.scheduler.now()
            self.scheduler.observe(
                NodeEvent(self.settings.run_id, self.id_of(node), node.name, state, at)
            )

    # Inside

    def _submit(self, args: tuple[Any, ...], **how: Any) -> Node[Any]:
        what = how.get("operation") or how["function"]
        free = how.get("operation") is None
        node = self._node(args, name=function_name(what), free=free, **how)
        self._enter(node)
        return node

    def _join(self, name: str, nodes: Sequence[Node[Any]]) -> Node[Any]:
        join: Node[Any] = self._node((), name=name)
        join.state = "running"
        join.inputs = tuple(nodes)
        join.reach = sum(node.reach for node in nodes if not node.settled)
        self._watch(join)
        return join

    def _node(self, args: tuple[Any, ...], **how: Any) -> Node[Any]:
        node: Node[Any] = Node(self, ordinal=self.submitted, args=args, **how)
        self.submitted += 1
        return node

    def _watch(self, node: Node[Any]) -> None:
        self.unsettled.add(node)
        self.note(node, "submitted")

    def _enter(self, node: Node[Any]) -> None:
        self._watch(node)
        node.reach = reach(node)
        node.wire()
        if not node.settled and node.operation is not None:
            self.scheduler.foresee(node, self)

    def _keep(self, node: Node[Any]) -> None:
        if isinstance(node.value, Candidate):
            self.kept.add(node.value, (self.path, node.ordinal))
            if node.value.answer is not None:
                self.root.release()
            if self.settings.watched:
                run_id = self.settings.run_id
                self.scheduler.observe(CandidateEvent(run_id, node.value, None))

    def _keep_score(self, candidate: Candidate | Node[Candidate], done: Node[Score]) -> None:
        if done.error is None:
            judged = candidate.value if isinstance(candidate, Node) else candidate
            self.kept.score(judged, done.value)
            if self.settings.watched:
                run_id = self.settings.run_id
                self.scheduler.observe(CandidateEvent(run_id, judged, done.value))

    def _decide(self, join: Node[Any], members: tuple[int, ...], nodes: Sequence[Any]) -> None:
        self.scheduler.spawn(self._journal_join(join, members, nodes), self)

    async def _journal_join(
        self, join: Node[Any], members: tuple[int, ...], nodes: Sequence[Node[Any]]
    ) -> None:
        try:
            await self.scheduler.decide(self, self.outcome(self.id_of(join), "join", members))
        except TTSError as error:
            join.fail(error)
        else:
            AllJoin(join, [nodes[i] for i in members])

    def outcome(
        self, node: str, kind: Any, content: Any, attributed: Usage = NOTHING
    ) -> OutcomeRow:
        """A row that says what was decided about a node."""
        return OutcomeRow(
            job=self.settings.job,
            run_id=self.settings.run_id,
            node=node,
            kind=kind,
            content=msgspec.json.encode(content),
            attributed=attributed,
        )
