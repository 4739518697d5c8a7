"""One kind of call: what a node runs, what it may cost, how its value is journalled."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, Protocol

from msgspec import Struct

from tts.errors import CallError
from tts.values import Usage

Effect = Literal["pure", "read", "idempotent", "write", "irreversible"]
"""What repeating a call may do; the ceiling for caching, retrying, speculation and resume."""

Role = Literal["sample", "verify", "judge", "plan", "retrieve", "embed", "tool"]
"""What a call is for; reports group cost by it."""


class OperationSpec(Struct, frozen=True, kw_only=True):
    """The fixed facts of an operation, all but `pool` and `timeout` part of its keys."""

    name: str
    version: str
    role: Role
    effect: Effect
    model: str = ""
    revision: str = ""
    stochastic: bool = False
    """Repeating it gives another draw, so path, seed and index enter the key."""
    pool: str = ""
    """The cap that its calls share: a model's or a tool's name."""
    timeout: float | None = None
    """Seconds for one attempt; None: the executor's default."""
    retries: int | None = None
    """Attempts after the first; None: the executor's default."""


class Draw(Struct, frozen=True):
    """Which of several equal calls this is."""

    index: int
    seed: int
    """63 bits derived from the call's key: the same key draws the same text."""


class Meter:
    """What an attempt has spent so far, kept current so that a cancelled one can be settled."""

    __slots__ = ("usage",)

    def __init__(self) -> None:
        self.usage: Usage | None = None
        """None: nothing is known, the worst case is assumed."""


class Reply(Struct, frozen=True, kw_only=True):
    """The answer to one draw."""

    content: Any
    """What is journalled: an instance of the operation's `content_type`."""
    usage: Usage
    """What this draw cost; its price is filled in by the executor unless the server said it."""
    server_price: bool = False
    """`usage.nanodollars` was reported by the server itself."""
    degraded: str = ""
    """Why the figures are to be read with care: `estimated` token counts, for example."""


class Operation(Protocol):
    """Everything that the executor has to know of a kind of call."""

    @property
    def spec(self) -> OperationSpec: ...

    @property
    def content_type(self) -> Any:
        """The type that `Reply.content` decodes to from the journal."""

    def identity(self, args: tuple[Any, ...]) -> Any:
        """The inputs' content as JSON-able data: equal data means an equal call."""

    def stochastic(self, args: tuple[Any, ...]) -> bool:
        """Whether repeating this call gives another draw (false at temperature 0)."""

    def worst(self, args: tuple[Any, ...], *, first: bool) -> Usage:
        """The most that one draw may be charged. `first`: it carries the group's prompt."""

    def attributed(self, args: tuple[Any, ...], usage: Usage, *, first: bool) -> Usage:
        """What a draw of that usage would have cost alone: uncached, first attempt only."""

    async def perform(
        self, args: tuple[Any, ...], draws: Sequence[Draw], meter: Meter
    ) -> Sequence[Reply | CallError]:
        """One attempt for all the draws; raises `CallError` where it failed as a whole."""

    def value(self, args: tuple[Any, ...], content: Any, key: str) -> Any:
        """The node's value, from the journalled content."""

    def pretend(self, args: tuple[Any, ...], draw: Draw) -> Reply:
        """The pessimistic answer of a dry run."""
