"""One kind of call: what a node runs, what it may cost, how its value is journalled."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Hashable, Iterator, Sequence
from typing import Any, Literal, Protocol

from msgspec import Struct

from tts.errors import CallError
from tts.values import NANO, Usage

Effect = Literal["pure", "read", "idempotent", "write", "irreversible"]
"""What repeating a call may do; the ceiling for caching, retrying, speculation and resume."""

Role = Literal["sample", "verify", "judge", "plan", "retrieve", "embed", "tool", "probe"]
"""What a call is for; reports group cost by it. `probe`: what an endpoint supports was asked."""


class OperationSpec(Struct, frozen=True, kw_only=True):
    """The fixed facts of an operation; its keys hold name, version, model and revision."""

    name: str
    version: str
    role: Role
    effect: Effect
    model: str = ""
    revision: str = ""
    coalesce: bool = False
    """Draws submitted together may travel as one request."""
    pool: str = ""
    """The cap that its calls share: a model's or a tool's name."""
    timeout: float | None = None
    """Seconds for one attempt; None: the executor's default."""
    retries: int | None = None
    """Attempts after the first; None: the executor's default."""
    shortens: bool = False
    """The operation is a `ShorteningOperation`."""
    prompt: bool = False
    """The operation is a `PromptOperation`, and a cancelled attempt ends at once: no code of a user
    runs in it that might not. Only where repeating a call does no harm."""
    prefixes: bool = False
    """The operation is a `PrefixOperation`: what it sends may begin as something sent before."""
    hedge: float | None = None
    """Seconds after which a second attempt is sent beside one without an answer; None: never."""
    gathers: bool = False
    """Its attempts wait for others before they leave; they tell `Meter.leave` when they do."""
    hedge_quantile: float | None = None
    """The same after the time that so large a share of earlier calls took, once enough are known."""


class Draw(Struct, frozen=True, gc=False):
    """Which of several equal calls this is."""

    index: int
    seed: int
    """63 bits derived from the call's key: the same key draws the same text."""


Leave = Callable[[], Awaitable[None]]
"""Puts an attempt on record, as one that may cost something from here on."""


class Meter:
    """What an attempt tells while it is under way."""

    __slots__ = ("hear", "leave", "usage")

    def __init__(self) -> None:
        self.usage: Usage | None = None
        """Spent so far, so that a cancelled attempt can be settled; None: assume the worst."""
        self.hear: Callable[[int, str], None] | None = None
        """Where somebody wants the text as it grows: called with (draw position, new text)."""
        self.leave: Leave | None = None
        """Of an operation that gathers: awaited once, right before what was asked is sent."""


class Reply(Struct, frozen=True, kw_only=True):
    """The answer to one draw."""

    content: Any
    """What is journalled: an instance of the operation's `content_type`."""
    usage: Usage
    """This draw with its whole prompt, as if it had been sent alone; not priced."""
    degraded: str = ""
    """Why the figures are to be read with care: `estimated` token counts, for example."""


class Answer(Struct, frozen=True, kw_only=True):
    """What one attempt brought for all of its draws."""

    replies: tuple[Reply | CallError, ...]
    """In the order of the draws; a missing one is an error of its own."""
    billed: Usage
    """Of the whole attempt; priced by the executor unless the server said what it cost."""
    server_price: bool = False
    """`billed.nanodollars` was reported by the server itself."""


class FlatCall:
    """What operations that draw no text share: every call costs the same, whatever it is asked.

    A subclass sets `flat_cost`; one whose calls count on their own says so in `stochastic`.
    """

    flat_cost: Usage
    """Of one call, unpriced."""

    def stochastic(self, args: tuple[Any, ...]) -> bool:
        return False

    def worst(self, args: tuple[Any, ...], *, first: bool) -> Usage:
        return self.flat_cost

    def attributed(self, usage: Usage, *, first: bool) -> Usage:
        return usage

    def foresee(self, args: tuple[Any, ...], text_tokens: int) -> Usage:
        return self.flat_cost

    def max_new_tokens(self, args: tuple[Any, ...]) -> int:
        return 0

    def answered(self, content: Any) -> Answer:
        """The one reply there is."""
        usage = self.flat_cost
        return Answer(replies=(Reply(content=content, usage=usage),), billed=usage)


def of_dollars(dollars: float | None) -> Usage:
    """One call that costs so much; None: nobody knows."""
    return Usage(calls=1, nanodollars=None if dollars is None else round(dollars * NANO))


class Operation(Protocol):
    """Everything that the executor has to know of a kind of call."""

    @property
    def spec(self) -> OperationSpec: ...

    @property
    def content_type(self) -> Any:
        """The type that `Reply.content` decodes to from the journal."""
        ...

    def identity(self, args: tuple[Any, ...]) -> Any:
        """The inputs' content as JSON-able data: equal data means an equal call."""
        ...

    def stochastic(self, args: tuple[Any, ...]) -> bool:
        """Whether repeating this call gives another draw (false at temperature 0)."""
        ...

    def worst(self, args: tuple[Any, ...], *, first: bool) -> Usage:
        """The most that one draw may be charged. `first`: it carries the group's prompt."""
        ...

    def attributed(self, usage: Usage, *, first: bool) -> Usage:
        """What a draw of that usage would have cost alone: uncached, first attempt only."""
        ...

    async def perform(self, args: tuple[Any, ...], draws: Sequence[Draw], meter: Meter) -> Answer:
        """One attempt for all the draws; raises `CallError` where it failed as a whole."""
        ...

    def foresee(self, args: tuple[Any, ...], text_tokens: int) -> Usage:
        """An upper bound while inputs are open. `text_tokens`: the most that their text may hold."""
        ...

    def max_new_tokens(self, args: tuple[Any, ...]) -> int:
        """The most tokens of text that the value adds to what it continues; 0 for a verdict."""
        ...

    def value(self, args: tuple[Any, ...], content: Any, key: str) -> Any:
        """The node's value, from the journalled content."""
        ...

    def pretend(self, args: tuple[Any, ...], draw: Draw) -> Any:
        """The content of the pessimistic answer of a dry run."""
        ...


class ShorteningOperation(Operation, Protocol):
    """An operation whose draws are prefixes of one text each, as long as they are let to be."""

    def kind(self, args: tuple[Any, ...]) -> str | None:
        """Draws of one kind have lengths alike; None: a cut one would be taken for a whole one."""
        ...

    def most_tokens(self, args: tuple[Any, ...]) -> int:
        """The most tokens of one draw."""
        ...

    def shortened(self, args: tuple[Any, ...], tokens: int) -> tuple[Any, ...]:
        """Arguments for the same draw with at most so many tokens."""
        ...

    def was_cut(self, content: Any) -> bool:
        """Whether the text was cut at its most tokens, rather than ending by itself."""
        ...

    def length_of(self, content: Any) -> int:
        """Tokens of a draw."""
        ...


Came = Callable[[Answer | CallError], None]
"""Called once, from the event loop and not before `begin` has returned."""

Abort = Callable[[], None]
"""Takes an attempt off the wire; what it would have told is told no more."""

Begin = Callable[[tuple[Any, ...], Sequence[Draw], Meter, Came], Abort | None]


class PromptOperation(Operation, Protocol):
    """An operation whose attempts need no coroutine: most calls are one request and one answer."""

    def begin(
        self, args: tuple[Any, ...], draws: Sequence[Draw], meter: Meter, came: Came
    ) -> Abort | None:
        """Put an attempt on the wire; returns what takes it off.

        None where it cannot leave at once: nothing was done, and `perform` is awaited instead.
        Raises `CallError` for what cannot be asked.
        """
        ...


Mark = Hashable
"""Stands for a text; equal texts have equal marks."""

Prefix = tuple[Mark | None, Callable[[], int]]
"""A beginning of a prompt and what counts its tokens; None: it was drawn in the run itself."""


class PrefixOperation(Operation, Protocol):
    """An operation that says what its prompt has in common with others of the same model.

    A model with a prefix cache computes only what stands behind the longest beginning that it has
    read or written before; by these marks a run counts what that is for itself alone.
    """

    def prefixes(self, args: tuple[Any, ...]) -> Iterator[Prefix]:
        """The whole prompt, then the beginnings that may be shared, the longest first."""
        ...

    def extended(self, args: tuple[Any, ...], content: Any) -> Mark | None:
        """The prompt with what was written behind it; None: nothing is."""
        ...
