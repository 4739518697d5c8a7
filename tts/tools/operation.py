"""A call of a tool, as the executor sees it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Literal

import msgspec

from tts.errors import BadReply, CallError, ToolFailed
from tts.protocols import Answer, Draw, Meter, OperationSpec, Reply
from tts.tools.schemas import instance_of
from tts.tools.shielded import causes
from tts.tools.tool import SHARED, Tool, ToolContext, read_hedge
from tts.values import NANO, Usage

AttemptObserver = Callable[[Literal["started", "ended"]], None]
"""Called with `started` and `ended` around every attempt."""


class ToolCall:
    """Runs a tool. Arguments of a call: (named arguments, whatever it has to wait for)."""

    content_type = Any

    def __init__(
        self, tool: Tool, *, call: str = "", task: str = "", told: AttemptObserver | None = None
    ) -> None:
        self.tool, self.call, self.task, self.told = tool, call, task, told
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

    def worst(self, args: tuple[Any, ...], *, first: bool) -> Usage:
        return self._usage()

    def attributed(self, usage: Usage, *, first: bool) -> Usage:
        return usage

    def foresee(self, args: tuple[Any, ...], text_tokens: int) -> Usage:
        return self._usage()

    def max_new_tokens(self, args: tuple[Any, ...]) -> int:
        return 0

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
        usage = self._usage()
        return Answer(replies=(Reply(content=content, usage=usage),), billed=usage)

    def value(self, args: tuple[Any, ...], content: Any, key: str) -> Any:
        return content

    def pretend(self, args: tuple[Any, ...], draw: Draw) -> Any:
        return instance_of(self.tool.returns)

    def _usage(self) -> Usage:
        cost = self.tool.cost
        return Usage(calls=1, nanodollars=None if cost is None else round(cost * NANO))

    def _tell(self, what: Literal["started", "ended"]) -> None:
        if self.told is not None:
            self.told(what)


def _journalled(value: Any) -> Any:
    """The value as it will be read back from the journal; raises `BadReply` where it cannot be."""
    try:
        return msgspec.json.decode(msgspec.json.encode(value))
    except (TypeError, ValueError, OverflowError, RecursionError, msgspec.MsgspecError) as error:
        raise BadReply(f"the result is not JSON-able: {error}") from error
