"""What a Run holds, and what its nodes, its children and the scheduler tell it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Self

import msgspec

from tts.answers import Task
from tts.budget import Account, AdmissionQueue, Amounts
from tts.equivalence import Equivalence
from tts.errors import BadReply, Outage, StrategyError, UsageError
from tts.protocols import OutcomeRow
from tts.run.costs import Lengths, Paid, WorstCases
from tts.run.generation import Generation, Source
from tts.run.kept import KeptCandidates
from tts.run.node import Node
from tts.run.setting import Setting
from tts.run.settings import Comparer, RunSettings, Scheduler
from tts.values import (
    NOTHING,
    Candidate,
    CandidateEvent,
    Demonstration,
    Dimension,
    NodeEvent,
    Reason,
    Sampling,
    Score,
    Usage,
)

FIRST = -1
"""Nodes of a child stand behind its own node and before everything that depends on it."""


LEAST_ONE = ("calls", "tokens")
"""Dimensions of which every draw costs something."""

FEW = 1024
"""Draws that are submitted whatever they cost: strategies may look for them by their place."""


class RunState:
    """The account, the nodes under way and what was found so far, from the start to the end."""

    def __init__(
        self,
        settings: RunSettings,
        *,
        scheduler: Scheduler[Any],
        account: Account,
        parent: RunState | None = None,
        path: str = "",
        prefix: tuple[int, ...] = (),
        queue: AdmissionQueue | None = None,
    ) -> None:
        self.settings, self.scheduler, self.parent, self.path = settings, scheduler, parent, path
        self.account = account
        self.queue = queue or AdmissionQueue(account)
        self.problem = settings.problem
        self.kept: KeptCandidates = parent.kept if parent else KeptCandidates()
        self._root: RunState | None = parent.root if parent else None
        self.submitted = 0
        self.children: list[RunState] = []
        self.spawned: dict[Node[Any], RunState | None] = {}
        """Nodes of children under way, with their Run once it is open."""
        self.allowance: int | None = None
        """Where an earlier process dropped this child: how many nodes it had by then."""
        self.give_back: Callable[[], None] | None = None
        """Returns a child's share; set by whoever granted it."""
        self.grant: Amounts = parent.grant if parent and queue else account.ceilings
        """The ceilings that shares are parts of."""
        self.closed = self.aborted = False
        """Ended by an error or an interruption: what is dropped now is not an outcome."""
        self._prefix, self._epoch = prefix, 0
        self.place: tuple[int, ...] = (*prefix, 0)
        """Where nodes submitted now stand: behind all that was submitted before the last await."""
        self.unsettled: set[Node[Any]] = parent.unsettled if parent else set()
        self.billed: Usage = NOTHING
        self.spend: dict[str, Usage] = parent.spend if parent else {}
        """Attributed use by what the calls were for."""
        self.draws: dict[bytes, int] = {}
        """How often each base key was drawn by this Run."""
        self.charged, self.written = Paid(), Paid()
        """What its charges have paid for, and what the rows of its uses say that they have: a use
        is written before it is charged, and some are never charged."""
        self.lengths: Lengths = parent.lengths if parent and queue else Lengths()
        """Of the draws that were charged to this account."""
        self.worst_cases: WorstCases = parent.worst_cases if parent else WorstCases()
        """Priced worst cases of an end and of one draw; nothing where no ceiling asks for them."""
        self.rewriting: Callable[[Any, Any, Node[Any]], Node[Any]] | None = (
            parent.rewriting if parent else None
        )
        """What documents pass through before they are read; None: nothing."""
        self._generations: dict[str, Generation] = {}
        self.finish_reserve: Mapping[Dimension, int] = {}
        """Kept back for `finish`; room again once there is an answer to fall back on."""

    @property
    def root(self) -> RunState:
        """The Run that this one was spawned from, or itself; kept so that a Run holds no circle."""
        return self._root or self

    def id_of(self, node: Node[Any]) -> str:
        return f"{self.path}{node.ordinal}"

    def inside(self, node: Node[Any]) -> str:
        """The path of the Run that a node spawns."""
        return f"{self.id_of(node)}/"

    def child(self, node: Node[Any], account: Account, setting: Setting | None = None) -> Self:
        """A Run inside a spawned node: on this account, or on a share with one of its own."""
        child = type(self)(
            self.settings if setting is None else setting.of(self.settings),
            scheduler=self.scheduler,
            account=account,
            parent=self,
            path=self.inside(node),
            prefix=(*node.lineage, FIRST),
            queue=self.queue if account is self.account else None,
        )
        child.allowance = self.settings.recorded.submitted(self.id_of(node))
        self.children.append(child)
        self.spawned[node] = child
        return child

    # Facts

    @property
    def left(self) -> dict[Dimension, int]:
        """Room in the capped dimensions, reservations taken as spent."""
        return self.account.left()

    @property
    def spent(self) -> Usage:
        """Attributed use so far."""
        return self.account.spent

    @property
    def task(self) -> Task:
        """The prompt template and answer extraction of this problem."""
        return self.settings.task

    @property
    def demonstrations(self) -> tuple[Demonstration, ...]:
        """Worked examples for strategies that show some, the best first."""
        return self.settings.demonstrations

    @property
    def sampling(self) -> Sampling:
        """How draws are made where a call says nothing else."""
        return self.settings.sampling

    @property
    def forced_tokens(self) -> int:
        """Most tokens of a forced last answer."""
        return self.settings.forced_tokens

    @property
    def models(self) -> tuple[str, ...]:
        """Names of the generators that `sample` knows; the first is the default."""
        return tuple(self.settings.generators)

    @property
    def capped(self) -> bool:
        """Whether any dimension has a ceiling."""
        return self.account.capped

    @property
    def has_verifier(self) -> bool:
        """Whether `score` can be asked; a verifier called none only says why it cannot."""
        verifier = self.settings.verifier
        return verifier is not None and verifier.name != "none"

    @property
    def judge(self) -> Any:
        """What changes the verifier's scores, as JSON-able data; None without one."""
        verifier = self.settings.verifier
        return None if verifier is None else verifier.identity

    @property
    def comparer(self) -> Comparer[Any]:
        """What compares two candidates; `UsageError` where the verifier is no judge."""
        if not isinstance(self.settings.verifier, Comparer):
            raise UsageError(
                "This strategy compares solutions in pairs: give the engine a judge"
                " (--verifier judge:BACKEND:MODEL, or judge:self)."
            )
        return self.settings.verifier

    def explain(self, said: str, **facts: Any) -> None:
        """Say why the run goes on as it does, in a sentence for whoever pays, with its figures."""
        self.kept.reasons.append(Reason(said, facts))

    def even_share(self, parts: int) -> float:
        """The part of the ceilings that each of so many children may spend, by what is left of the
        scarcest dimension while no call is open."""
        grants = zip(self.left.values(), self.grant, strict=True)
        return min((left / grant for left, grant in grants if grant), default=1.0) / parts

    def may_need(self, dimension: Dimension) -> int:
        """The most of a capped dimension that one whole draw from the problem may be charged."""
        return getattr(self.worst_cases.draw, dimension) or 0

    def submittable(self, n: int) -> int:
        """`n` draws; of more than a few, one more than the ceilings could ever pay for, whatever was
        spent and set aside: it is refused, and so is all behind it. No draw costs less than a call
        and a token."""
        rooms = zip(self.account.dimensions, self.grant, strict=True)
        most = (
            1 + room + self.finish_reserve.get(name, 0) for name, room in rooms if name in LEAST_ONE
        )
        return min(n, max(FEW, min(most, default=n)))

    def holds_closing(self, source: Source, max_tokens: int) -> bool:
        """Whether what is left holds a draw of `max_tokens` and an answer forced behind it."""
        sampling = msgspec.structs.replace(self.sampling, max_tokens=max_tokens)
        draw = self.generation().worst((source, sampling, "end"), first=True)
        for name, left in self.left.items():
            one = max(getattr(draw, name) or 0, self.may_need(name))
            if one + (getattr(self.worst_cases.forced, name) or 0) > left:
                return False
        return True

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
                ends=self.sampling.stop,
            )
        return self._generations[name]

    @property
    def equivalence(self) -> Equivalence:
        """When two answers of this task are the same answer."""
        return self.settings.equivalence.of(self.settings.task.answers)

    # What nodes and the scheduler tell

    def node_awaited(self, node: Node[Any]) -> None:
        self._epoch += 1
        self.place = (*self._prefix, self._epoch)
        self.scheduler.awaited(node, self)

    def node_ready(self, node: Node[Any]) -> None:
        self.scheduler.ready(node, self)

    def node_settled(self, node: Node[Any]) -> None:
        self.unsettled.discard(node)
        if node.operation is not None and node.state == "done":
            self._keep(node)
        elif isinstance(node.error, Outage):
            self.kept.outage = self.kept.outage or node.error
        elif node.state == "failed" and node.error is not None:
            asked = node.operation is not None and node.operation.spec.role != "tool"
            asked = asked or isinstance(node.error, StrategyError | BadReply)
            self.kept.fail(node.error, (self.path, node.ordinal), asked=asked)
        if self.settings.watched:
            state = "finished" if node.state == "done" else node.state
            self.note(node, state)

    def reserve_finish(self, share: Mapping[Dimension, int]) -> None:
        """Set a share of the ceilings aside for `finish`."""
        self.finish_reserve = share
        self.account.raise_ceilings({name: -amount for name, amount in share.items()})
        self.grant = self.account.ceilings

    def release_finish_reserve(self) -> None:
        """Give what the whole run set aside for its end back to its account."""
        root = self.root
        more, root.finish_reserve = root.finish_reserve, {}
        if more:
            root.account.raise_ceilings(more)
            root.queue.pump()

    def set_aside(self, share: float) -> Callable[[], None]:
        """Keep a part of every ceiling from what is submitted next; what it returns gives it back."""
        names = self.account.dimensions
        kept: dict[Dimension, int] = {
            name: int(cap * share) for name, cap in zip(names, self.grant, strict=True)
        }
        less: dict[Dimension, int] = {name: -amount for name, amount in kept.items()}
        self.account.raise_ceilings(less)

        def give_back() -> None:
            self.account.raise_ceilings(kept)
            self.queue.pump()

        return give_back

    def close(self) -> None:
        """End this Run: whatever it and its children still wait for is dropped."""
        self.closed = True
        for child in list(self.children):
            child.close()
        own = [node for node in self.unsettled if node.owner is self]
        self._drop(sorted(own, key=lambda node: node.ordinal))
        give_back, self.give_back = self.give_back, None
        if give_back is not None:
            give_back()

    def abort(self) -> None:
        """End this Run and write nothing of it down, so that a resumed one goes on from here."""
        self.aborted = True
        self.close()

    def note(self, node: Node[Any], state: Any) -> None:
        """Tell the observers, where there are any."""
        if self.settings.watched:
            at = self.scheduler.now()
            self.scheduler.observe(
                NodeEvent(self.settings.run_id, self.id_of(node), node.name, state, at)
            )

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

    def miss_verdict(self, reason: str) -> None:
        """Say that a verdict which was asked for is missing."""
        self.kept.fail(BadReply(reason), (self.path, self.submitted), asked=True)

    def keep_cut(self, node: Node[Any], candidate: Candidate) -> None:
        """Show what was drawn and paid of a draw that the budget cut; nothing is built on it."""
        self.kept.add(candidate, (self.path, node.ordinal))

    def _drop(self, nodes: Sequence[Node[Any]]) -> None:
        for node in nodes:
            if not node.settled:
                self.scheduler.drop(node, self)

    def _spawned_settled(self, node: Node[Any]) -> None:
        self.spawned.pop(node, None)
        node.function = None  # it holds the node

    def _keep(self, node: Node[Any]) -> None:
        if isinstance(node.value, Candidate):
            self.kept.add(node.value, (self.path, node.ordinal))
            if node.value.answer is not None:
                self.release_finish_reserve()
            if self.settings.watched:
                run_id = self.settings.run_id
                self.scheduler.observe(CandidateEvent(run_id, node.value, None))

    def _keep_score(self, candidate: Candidate | Node[Candidate], done: Node[Score]) -> None:
        if done.error is not None and done.state == "failed":
            self.kept.fail(done.error, (self.path, done.ordinal), asked=True)
            self.kept.unjudged = True
        if done.error is None:
            judged = candidate.value if isinstance(candidate, Node) else candidate
            self.kept.score(judged, done.value)
            if self.settings.watched:
                run_id = self.settings.run_id
                self.scheduler.observe(CandidateEvent(run_id, judged, done.value))
