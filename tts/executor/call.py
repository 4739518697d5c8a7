"""A node about to be carried out: its key, its worst case, its place in the queues."""

from __future__ import annotations

from hashlib import blake2b
from typing import Any, Protocol, cast

import msgspec
from msgspec.structs import replace

from tts.budget import Ticket
from tts.errors import BudgetExhausted
from tts.protocols import SENT, Draw, Mark, Operation, OperationSpec, Prefix, PrefixOperation
from tts.run import Node, Run
from tts.run.costs import Paid
from tts.values import NOTHING, Candidate, Usage

_encode = msgspec.json.Encoder(order="deterministic").encode


class Ceiling(msgspec.Struct, frozen=True, array_like=True):
    """The length that a draw is sent with, since the whole of it does not fit."""

    tokens: int
    shortfall: str
    """Why it does not: the refusal that comes of it where the text is cut."""


class Desk(Protocol):
    """Who carries calls out once their run's budget has decided."""

    def admitted(self, call: Call) -> None: ...

    def refused(self, call: Call, error: BudgetExhausted) -> None: ...

    def shortened(self, call: Call) -> Usage | None: ...


class Call(Ticket):
    """One use of an operation by one node of one run, and its place in the run's queue."""

    __slots__ = (
        "alone",
        "args",
        "ceiling",
        "cost",
        "desk",
        "draw",
        "due",
        "extended",
        "first",
        "id",
        "key",
        "node",
        "operation",
        "placed",
        "run",
        "shared",
        "worst",
    )

    def __init__(
        self, node: Node[Any], run: Run, operation: Operation, desk: Desk | None = None
    ) -> None:
        """`desk` may be left out where nobody asks the run's queue for it."""
        super().__init__(node.lineage)
        self.node, self.run, self.operation, self.desk = node, run, operation, desk
        self.shared: Shared
        self.extended: tuple[str, Mark | None] | None = None
        """Its model, and the beginning of later prompts that it wrote; None: it is not answered."""
        self.id = run.id_of(node)
        self.first = node.position == 0
        """Whether it carries the prompt of its `sample(n=k)`."""
        self.placed = operation.spec.effect in ("write", "irreversible")
        """Whether repeating it may do harm."""
        self.args: tuple[Any, ...] = ()
        self.worst: Usage = NOTHING
        self.alone: Usage = NOTHING
        """The worst case of a request for this draw alone: with its prompt, whoever carries it."""
        self.cost: Usage | None = None
        """What it costs alone, once it was answered."""
        self.due: Usage | None = None
        """What the row of its use says that it is charged, once that is written."""
        self.key = ""
        self.ceiling: Ceiling | None = None
        """The length that it is sent with, where the whole of it does not fit."""
        self.draw: Draw

    def admitted(self) -> None:
        assert self.desk is not None
        self.desk.admitted(self)

    def refused(self, error: BudgetExhausted) -> None:
        assert self.desk is not None
        self.desk.refused(self, error)

    def shortened(self) -> Usage | None:
        assert self.desk is not None
        return self.desk.shortened(self)

    def by_now(self) -> Usage | None:
        """Less than ever where its Run has paid for its verdict, or for a part of its prompt."""
        paid = self.run.charged
        if self.key in paid.verdicts and self.scores_once:
            return NOTHING
        return self.beside_paid(self.worst)

    def beside_paid(self, worst: Usage) -> Usage | None:
        """A worst case without what its Run has paid for of the prompt; None: it stays."""
        paid = self.run.charged
        if "fresh_tokens" not in self.run.account.dimensions or not self.operation.spec.prefixes:
            return None
        fresh = self.unread(paid, self.alone.prompt_tokens) + worst.completion_tokens
        return replace(worst, fresh_tokens=fresh)

    @property
    def charged_before(self) -> Usage | None:
        """What an earlier process charged it in a child Run that it dropped later. Such a child is
        charged as it was: of its calls some come back, and the others are charged with its drop."""
        run = self.run
        if run.allowance is None or not self.recorded:
            return None
        charged = run.settings.recorded.attributed.get(self.id)
        return charged if charged is not None and charged.fresh_tokens is not None else None

    @property
    def scores_once(self) -> bool:
        """Whether it is a verdict that is the same each time it is asked for."""
        judges = self.operation.spec.role in ("verify", "judge")
        return judges and not self.placed and not self.shared.stochastic

    def unread(self, paid: Paid, prompt_tokens: int) -> int:
        """Tokens of its prompt that no call that was paid for made its model compute."""
        return paid.unread(self.shared.prefixes(self.operation), prompt_tokens)

    def read(self, paid: Paid, content: Any, usage: Usage) -> int:
        """It was answered: its prompt is paid for, and what was written behind it.

        Returns how many tokens of the prompt nobody had paid for before.
        """
        fresh = paid.read(self.shared.prefixes(self.operation), usage.prompt_tokens)
        if self.extended is None:
            operation = cast("PrefixOperation", self.operation)
            self.extended = (operation.spec.model, operation.extended(self.args, content))
        if self.extended[1] is not None:
            paid.wrote(self.extended, usage.prompt_tokens + usage.completion_tokens)
        return fresh

    @property
    def ceiling_tokens(self) -> int | None:
        """The length that it is sent with; None: all that its arguments ask for."""
        return None if self.ceiling is None else self.ceiling.tokens

    @property
    def recorded(self) -> bool:
        """Whether an earlier process finished it, and wrote down that this node used it."""
        used = self.run.settings.recorded.keys.get(self.id)
        return used is not None and (
            used == self.key
            or (self.ceiling is not None and used == cut_key(self.key, self.ceiling.tokens))
        )

    @property
    def unknown(self) -> bool:
        """Whether an earlier process sent it, must not send it again, and left no answer."""
        outcomes = self.run.settings.recorded.outcomes
        return self.placed and f"{self.id}{SENT}" in outcomes

    @property
    def priority(self) -> tuple[float, int, int]:
        """The longest path behind it first, where a plan knows it; then deeper, then older."""
        return (-self.node.priority, -self.shared.depth, self.node.ordinal)

    def bind(self) -> None:
        """Resolve the arguments and find the key; equal draws of a Run count up."""
        run = self.run
        self.shared = Shared.of(self.node, self.operation)
        self.args, base = self.shared.args, self.shared.base
        index = 0
        if self.placed:
            self.key = placed_key(base, run_id=run.settings.run_id, node=self.id)
        elif self.shared.stochastic:
            index = run.draws.get(base, 0)
            run.draws[base] = index + 1
            self.key = draw_key(base, seed=run.settings.seed, path=run.path, index=index)
        else:
            self.key = pure_key(base)
        self.draw = Draw(index, seed_of(self.key))


class Shared:
    """Arguments, base key and worst cases of a call; one for all draws of a `sample`."""

    __slots__ = (
        "alone",
        "args",
        "base",
        "beside",
        "depth",
        "identity",
        "input_hash",
        "prompts",
        "stochastic",
    )

    def __init__(self, operation: Operation, args: tuple[Any, ...]) -> None:
        self.args = args
        self.identity = operation.identity(args)
        self.base = base_key(operation.spec, self.identity)
        self.input_hash = self.base.hex()
        self.depth = max((arg.depth + 1 for arg in args if isinstance(arg, Candidate)), default=0)
        """Steps from the problem to what a call brings."""
        self.stochastic = operation.stochastic(args)
        self.alone: Usage | None = None
        """The worst case with the prompt."""
        self.beside: Usage | None = None
        """The worst case of a draw whose prompt another one carries."""
        self.prompts: tuple[Prefix, ...] | None = None
        """Its prompt and what that begins with, marked by model."""

    def prefixes(self, operation: Operation) -> tuple[Prefix, ...]:
        """The prompt of a `PrefixOperation`, and what it begins with; marks hold for one model."""
        if self.prompts is None:
            model = operation.spec.model
            found = cast("PrefixOperation", operation).prefixes(self.args)
            self.prompts = tuple(
                (None if mark is None else (model, mark), count) for mark, count in found
            )
        return self.prompts

    @classmethod
    def of(cls, node: Node[Any], operation: Operation) -> Shared:
        group = node.group
        if group is None:
            return cls(operation, node.resolved_args())
        if group.shared is None:
            group.shared = cls(operation, node.resolved_args())
        found: Shared = group.shared
        return found


def base_key(spec: OperationSpec, identity: Any) -> bytes:
    """Hash of function and version, model and revision, and the inputs' content."""
    parts = (spec.name, spec.version, spec.model, spec.revision, identity)
    return blake2b(_encode(parts), digest_size=16).digest()


def pure_key(base: bytes) -> str:
    """Key of a call that gives the same answer wherever and whenever it is made."""
    return base.hex()


def draw_key(base: bytes, *, seed: int, path: str, index: int) -> str:
    """Key of the `index`-th equal draw of a Run; a child Run draws its own."""
    suffix = f"|{seed}|{path}|{index}".encode()
    return blake2b(base + suffix, digest_size=16).hexdigest()


def placed_key(base: bytes, *, run_id: str, node: str) -> str:
    """Key of a call with an effect: bound to its place in one run, never shared."""
    return blake2b(base + f"|{run_id}|{node}".encode(), digest_size=16).hexdigest()


def cut_key(key: str, tokens: int) -> str:
    """Key of a draw that was cut at a lower ceiling than its arguments ask for."""
    return blake2b(f"{key}|cut|{tokens}".encode(), digest_size=16).hexdigest()


def seed_of(key: str) -> int:
    """63 bits derived from a key: the same key draws the same text."""
    return int(key[:16], 16) >> 1
