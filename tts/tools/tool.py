"""A tool, what a call of it may do and cost, and such a call as the executor sees it."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

import msgspec
from msgspec import Struct

from tts.errors import BadReply, CallError, ToolFailed, UsageError
from tts.protocols import Answer, Draw, Effect, FlatCall, Meter, OperationSpec, of_dollars
from tts.tools.schemas import Schema, instance_of, refuse_deep
from tts.tools.shielded import causes

REPEATABLE: frozenset[Effect] = frozenset(("pure", "read", "idempotent"))
"""Effects of calls that may start before the whole plan is known."""
SHARED: frozenset[Effect] = frozenset(("pure", "read"))
"""Effects of calls that equal calls may share."""
_QUANTILE = re.compile(r"p(\d{1,2}(?:\.\d+)?)")


class ToolContext(Struct, frozen=True, kw_only=True):
    """Handed to the parameter that is annotated with this class; no schema shows it."""

    call: str
    """The call's place in its plan."""
    key: str
    """Equal for every attempt of one call: an idempotency key for the other side."""
    task: str
    """The text of the task that is being solved."""


class Body(Protocol):
    """What a tool does: checked arguments in, JSON-able data out."""

    def check(self, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
        """The arguments as the tool wants them; raises `ToolFailed` for ill-typed ones."""
        ...

    def __call__(self, arguments: Mapping[str, Any], context: ToolContext) -> Awaitable[Any]: ...


@dataclass(frozen=True, kw_only=True)
class Tool:
    """Name, description, schemas, and what a call of it may do and cost."""

    name: str
    description: str
    parameters: Schema
    """JSON schema of the arguments, an object."""
    returns: Schema
    """JSON schema of the result; `{}`: unknown."""
    body: Body
    effect: Effect = "irreversible"
    """An undeclared effect is taken for the worst."""
    timeout: float | None = None
    """Seconds for one attempt; None: the executor's default."""
    retries: int = 0
    """Attempts after the first."""
    hedge: float | str | None = None
    """Seconds, or a quantile of earlier calls such as `p95`, after which a call without an answer is
    sent once more; the first answer counts, the other attempt is cancelled and billed."""
    cap: int | None = None
    """Most calls at once; None: no cap of its own."""
    cache: bool = True
    """Whether equal calls of one job share their result, where the effect allows it."""
    cost: float | None = 0.0
    """Dollars for one call; None: unknown."""
    seconds: float | None = None
    """Expected duration, for the order of calls; None: unknown."""
    version: str = "1"
    """Change it when the same arguments give another result."""
    pool: str = ""
    """Calls with the same pool share one cap; empty: the tool's own."""
    batch: str = ""
    """Name of the tool that takes a list of what this one takes one of; empty: none does."""
    function: Callable[..., Any] | None = field(default=None, compare=False)
    """The function that was decorated."""

    def __post_init__(self) -> None:
        read_hedge(self.hedge, self.effect)
        refuse_deep(self.name, self.parameters)
        refuse_deep(self.name, self.returns)

    def __call__(self, *args: Any, **named: Any) -> Any:
        """Call the function itself, outside any plan."""
        if self.function is None:
            raise TypeError(f"Tool {self.name!r} can be called by plans only.")
        return self.function(*args, **named)

    @property
    def lane(self) -> str:
        """The pool of its calls."""
        return self.pool or f"tool:{self.name}"

    @property
    def arguments(self) -> Mapping[str, Schema]:
        """Schemas of the arguments by name, in order."""
        properties: Mapping[str, Schema] = self.parameters.get("properties", {})
        return properties

    @property
    def required(self) -> tuple[str, ...]:
        """The arguments that have no default."""
        return tuple(self.parameters.get("required", ()))


def read_hedge(hedge: float | str | None, effect: Effect) -> tuple[float | None, float | None]:
    """(seconds, share of calls that are faster); raises `UsageError` for what cannot be meant."""
    if hedge is None:
        return None, None
    if effect in ("write", "irreversible"):
        raise UsageError(f"A call of effect {effect!r} is never made twice: leave `hedge` out.")
    if isinstance(hedge, str):
        match = _QUANTILE.fullmatch(hedge)
        if match is None:
            raise UsageError(f"hedge={hedge!r}: write seconds, or a quantile such as 'p95'.")
        return None, float(match[1]) / 100
    if not hedge >= 0:
        raise UsageError(f"hedge={hedge!r}: seconds cannot be negative.")
    return float(hedge), None


AttemptObserver = Callable[[Literal["started", "ended"]], None]
"""Called with `started` and `ended` around every attempt."""


class ToolCall(FlatCall):
    """Runs a tool. Arguments of a call: (named arguments, whatever it has to wait for)."""

    content_type = Any

    def __init__(
        self, tool: Tool, *, call: str = "", task: str = "", told: AttemptObserver | None = None
    ) -> None:
        self.tool, self.call, self.task, self.told = tool, call, task, told
        self.flat_cost = of_dollars(tool.cost)
        seconds, quantile = read_hedge(tool.hedge, tool.effect)
        self.spec = OperationSpec(
            name=f"tool/{tool.name}",
            version=tool.version,
            role="tool",
            effect=tool.effect,
            pool=tool.lane,
            timeout=tool.timeout,
            retries=tool.retries,
            hedge=seconds,
            hedge_quantile=quantile,
        )

    def identity(self, args: tuple[Any, ...]) -> Any:
        return args[0]

    def stochastic(self, args: tuple[Any, ...]) -> bool:
        """Whether every call counts on its own: uncached tools, and those with an effect."""
        return self.tool.effect not in SHARED or not self.tool.cache

    async def perform(self, args: tuple[Any, ...], draws: Sequence[Draw], meter: Meter) -> Answer:
        self._tell("started")
        try:
            context = ToolContext(call=self.call, key=f"{draws[0].seed:016x}", task=self.task)
            content = _journalled(await self.tool.body(args[0], context))
        except CallError:
            raise
        except Exception as error:
            raise ToolFailed("; ".join(causes(error))) from error
        finally:
            self._tell("ended")
        return self.answered(content)

    def value(self, args: tuple[Any, ...], content: Any, key: str) -> Any:
        return content

    def pretend(self, args: tuple[Any, ...], draw: Draw) -> Any:
        return instance_of(self.tool.returns)

    def _tell(self, what: Literal["started", "ended"]) -> None:
        if self.told is not None:
            self.told(what)


def _journalled(value: Any) -> Any:
    """The value as it will be read back from the journal; raises `BadReply` where it cannot be."""
    try:
        return msgspec.json.decode(msgspec.json.encode(value))
    except (TypeError, ValueError, OverflowError, RecursionError, msgspec.MsgspecError) as error:
        raise BadReply(f"the result is not JSON-able: {error}") from error
