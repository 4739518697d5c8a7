"""The surface that a strategy sees: verbs that grow the graph, joins that wait for it."""

from __future__ import annotations

from collections.abc import (
    AsyncIterator,
    Awaitable,
    Callable,
    Coroutine,
    Hashable,
    Mapping,
    Sequence,
)
from functools import partial
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, TypeVar, overload

import msgspec

from tts.errors import TTSError, UsageError
from tts.protocols import Operation
from tts.repository import ScriptRun
from tts.run.child import Share, run_child
from tts.run.generation import Source, Until
from tts.run.joins import AllJoin, FirstJoin, Successes, arrivals, refuse, streamed, tell_texts
from tts.run.max_tokens import max_text_tokens
from tts.run.node import Group, Node, function_name
from tts.run.setting import Setting
from tts.run.settings import asked, checked
from tts.run.state import RunState
from tts.values import Candidate, Check, Document, Exam, Score

if TYPE_CHECKING:
    import numpy as np

T = TypeVar("T")


class Run(RunState):
    """One strategy on one problem. Calling a verb returns a node at once.

    `sample`, `score`, `retrieve`, `execute` and `call` submit; `all`, `first` and `arrivals` wait; `spawn` starts a
    child Run; `drop` cancels. A node starts when its last input is done and there is room in the
    budget; nothing waits for anything that it does not need.
    """

    _rng: np.random.Generator | None = None

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
            n: how many draws; of more than a thousand, those up to the first that the ceilings
                certainly refuse.
            until: the end of the solution, or the end of its next step.
            model: name of another generator than the run's default.
            sampling: fields of `Sampling` that differ from the run's.
        """
        operation = self.generation(model)
        chosen = msgspec.structs.replace(self.settings.sampling, **sampling)
        args, group = (source, chosen, until), Group()
        places = range(self.submittable(n))
        return [self._submit(args, operation, group=group, position=i) for i in places]

    def score(self, candidate: Candidate | Node[Candidate]) -> Node[Score]:
        """The verifier's verdict on a candidate; kept beside it.

        A verifier that raises, or scores other steps than the candidate has, gives no verdict: the
        node fails with what it did. One that gives no `Score` at all is a `UsageError`.
        """
        verifier = self.settings.verifier
        if verifier is None:
            raise UsageError("This strategy scores candidates: give the engine a verifier.")
        node = asked(
            verifier, candidate, self, failing=lambda error: self.call(_raised, candidate, error)
        )
        node.check = lambda value: checked(value, candidate, verifier.name)
        node.listen(lambda done: self._keep_score(candidate, done))
        return node

    def retrieve(self, query: str | Node[str], k: int) -> Node[tuple[Document, ...]]:
        """The documents that suit a query, the best first, and `k` at most."""
        if self.settings.retrieval is None:
            raise UsageError(
                "This strategy retrieves documents: give the engine a corpus (--corpus FILE)."
            )
        found = self._submit((query, k), self.settings.retrieval)
        return found if self.rewriting is None else self.rewriting(self, query, found)

    def rewritten(
        self, query: str, documents: tuple[Document, ...]
    ) -> Node[tuple[Document, ...]] | tuple[Document, ...]:
        """Documents that nobody retrieves, through the stage that those of a query pass through;
        as they are where there is none."""
        if self.rewriting is None:
            return documents
        return self.rewriting(self, query, self.call(tuple, documents))

    def rewrite(self, stage: Callable[[Run, str, Node[Any]], Node[Any]]) -> None:
        """From now on what this Run and its children retrieve, and what demonstrations bring, passes
        through a stage: called with the Run, the query and the node of the documents, it gives the
        node of what is read of them."""
        self.rewriting = stage

    def execute(
        self, candidate: Candidate | Node[Candidate], exam: Exam | Node[Exam]
    ) -> Node[tuple[Check, ...]]:
        """The verdict on each check of a program, run in the sandbox."""
        if self.settings.execution is None:
            raise UsageError("This strategy runs programs: give the engine a sandbox.")
        return self._submit((candidate, exam), self.settings.execution)

    def script(
        self, changes: Mapping[str, str | None] | Node[Any], script: str | Node[str]
    ) -> Node[ScriptRun]:
        """A script that is run in the problem's repository, in a copy with these files written, or
        taken away where the content is None."""
        if self.settings.scripts is None:
            raise UsageError("This strategy runs scripts: give the engine a sandbox.")
        return self._submit((self.problem, changes, script), self.settings.scripts)

    @overload
    def call(self, function: Callable[..., Awaitable[T]], *args: Any) -> Node[T]: ...

    @overload
    def call(self, function: Callable[..., T], *args: Any) -> Node[T]: ...

    @overload
    def call(self, function: Operation, *args: Any) -> Node[Any]: ...

    def call(self, function: Callable[..., Any] | Operation, *args: Any) -> Node[Any]:
        """A function of values, or an operation, run once its arguments are there.

        Functions are local, free and recomputed on replay; they may be coroutines. Operations
        are priced, journalled and found again. What can be called is a function.
        """
        if not callable(function):
            return self._submit(args, function)
        return self._enter(self._node(args, function_name(function), function=function, free=True))

    def spawn(
        self,
        coroutine: Callable[..., Coroutine[Any, Any, T]],
        *args: Any,
        share: float | None = None,
        setting: Setting | None = None,
    ) -> Node[T]:
        """A child Run: `coroutine(*args, run=child)`.

        Args:
            coroutine: what the child does.
            args: passed on; nodes stand for their values.
            share: part of this Run's ceilings that the child may spend, 0…1; what it leaves
                returns when it ends. None: the child draws on this Run's account; which of
                several such children a refusal meets then depends on timing.
            setting: the model, temperature, prompt or aggregation that is other in the child.
        """
        node: Node[T] = self._node(args, function_name(coroutine))
        granted = Share(self, node, share) if share is not None else None
        start = partial(_started, coroutine, self, node, granted, setting)
        start.__wrapped__ = coroutine  # type: ignore[attr-defined]  # its parameters may be outcomes
        node.function = start
        self.spawned[node] = None
        node.listen(self._spawned_settled)
        return self._enter(node)

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
        join: Node[Any] = self._node((), "arrivals")
        async for node in arrivals(self, self.id_of(join), nodes):
            self.node_awaited(node)
            yield node

    def stream(self, node: Node[Candidate]) -> AsyncIterator[str]:
        """The text of a draw from now on as it grows; what was drawn before comes in one piece."""
        return streamed(self, node)

    def drop(self, nodes: Sequence[Node[Any]]) -> None:
        """Cancel the nodes that have not settled; the cancellation reaches the backend."""
        if all(node.operation is not None for node in nodes):
            self._drop(nodes)
            return
        id = self.id_of(self._node((), "drop"))
        members = self.settings.recorded.members(id)
        if members is None:
            members = tuple(i for i, node in enumerate(nodes) if not node.settled)
            self.scheduler.write(self.outcome(id, "join", members))
        self._drop([nodes[i] for i in members])

    # Facts

    @property
    def rng(self) -> np.random.Generator:
        """Seeded by (seed, problem, path): the same for every replay of this Run."""
        if self._rng is None:
            import numpy as np  # a tenth of a second that few runs, and no report, need

            seed = stable_seed("rng", self.settings.seed, self.problem.id, self.path)
            self._rng = np.random.default_rng(seed)
        return self._rng

    # Inside

    def _submit(
        self,
        args: tuple[Any, ...],
        operation: Operation,
        *,
        group: Group | None = None,
        position: int = 0,
    ) -> Node[Any]:
        node = self._node(
            args, operation.spec.name, operation=operation, group=group, position=position
        )
        return self._enter(node)

    def _join(self, name: str, nodes: Sequence[Node[Any]]) -> Node[Any]:
        join: Node[Any] = self._node((), name)
        join.state = "running"
        join.inputs = tuple(nodes)
        join.max_text_tokens = sum(node.max_text_tokens for node in nodes if not node.settled)
        self._watch(join)
        return join

    def _node(self, args: tuple[Any, ...], name: str, **how: Any) -> Node[Any]:
        node: Node[Any] = Node(self, ordinal=self.submitted, name=name, args=args, **how)
        self.submitted += 1
        return node

    def _watch(self, node: Node[Any]) -> None:
        self.unsettled.add(node)
        if self.settings.watched:
            self.note(node, "submitted")
        drawn = node.operation is not None and node.operation.spec.role == "sample"
        if self.settings.heard and drawn:
            tell_texts(self, node)

    def _enter(self, node: Node[T]) -> Node[T]:
        self._watch(node)
        node.max_text_tokens = max_text_tokens(node)
        if self.allowance is not None and node.ordinal >= self.allowance:
            node.state = "running"
            return node
        node.wire()
        if not node.settled and node.operation is not None:
            self.scheduler.foresee(node, self)
        return node

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


def _started(
    coroutine: Callable[..., Coroutine[Any, Any, T]],
    parent: Run,
    node: Node[T],
    share: Share | None,
    setting: Setting | None,
    *values: Any,
) -> Coroutine[Any, Any, T]:
    return run_child(coroutine, values, parent, node, share, setting)


def _raised(candidate: Candidate, error: Exception) -> Score:
    raise error


def stable_seed(*parts: Any) -> int:
    """63 bits from JSON-able parts, the same in every process."""
    digest = blake2b(msgspec.json.encode(parts), digest_size=8).digest()
    return int.from_bytes(digest, "big") >> 1
