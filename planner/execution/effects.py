"""Calls with an effect: asking before one, and never sending one again unknowingly."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from tts.errors import BadRequest, CallError, CallFailed, ToolFailed
from tts.planner.execution.settings import Approve
from tts.planner.language import Call
from tts.protocols import Answer, Draw, Meter, OperationSpec, Reply
from tts.tools import ToolCall
from tts.values import NOTHING, Usage

_PATIENCE = 7 * 24 * 3600.0
"""Seconds that a person has to answer."""


class Approval:
    """Asks the hook once per call; the answer is journalled, so that a resumed run does not ask.

    Arguments of a call: (resolved arguments, what it waits for).
    """

    content_type = bool

    def __init__(self, approve: Approve, call: Call, run_id: str) -> None:
        self.approve, self.call, self.run_id = approve, call, run_id
        self.spec = OperationSpec(
            name="approve",
            version="1",
            role="tool",
            effect="read",
            pool="approve",
            timeout=_PATIENCE,
            retries=0,
        )

    def identity(self, args: tuple[Any, ...]) -> Any:
        return (self.run_id, self.call.id, self.call.tool, args[0])

    def stochastic(self, args: tuple[Any, ...]) -> bool:
        return False

    def worst(self, args: tuple[Any, ...], *, first: bool) -> Usage:
        return NOTHING

    def attributed(self, usage: Usage, *, first: bool) -> Usage:
        return usage

    def foresee(self, args: tuple[Any, ...], text_tokens: int) -> Usage:
        return NOTHING

    def max_new_tokens(self, args: tuple[Any, ...]) -> int:
        return 0

    async def perform(self, args: tuple[Any, ...], draws: Sequence[Draw], meter: Meter) -> Answer:
        try:
            granted = bool(await self.approve(self.call, args[0]))
        except Exception as error:
            raise ToolFailed(f"the approval hook raised {type(error).__name__}: {error}") from error
        return Answer(replies=(Reply(content=granted, usage=NOTHING),), billed=NOTHING)

    def value(self, args: tuple[Any, ...], content: Any, key: str) -> bool:
        if not content:
            raise ToolFailed(f"call {self.call.id}, {self.call.tool}, was not approved")
        return True

    def pretend(self, args: tuple[Any, ...], draw: Draw) -> Any:
        return True


_encode = msgspec.json.Encoder(order="deterministic").encode


class Sent:
    """Calls with an effect whose outcome is unknown: an equal call of a later patch is refused."""

    def __init__(self) -> None:
        self._unknown: set[bytes] = set()

    def failed(self, tool: str, arguments: Mapping[str, Any], error: Exception | None) -> None:
        """Remember a failed call, unless it provably never took place."""
        cause = error.cause if isinstance(error, CallFailed) else error
        if isinstance(cause, CallError) and cause.sent == "not_sent":
            return
        self._unknown.add(_encode((tool, arguments)))

    def refuses(self, tool: str, arguments: Mapping[str, Any]) -> bool:
        """Whether an equal call was sent before and nobody knows what became of it."""
        return bool(self._unknown) and _encode((tool, arguments)) in self._unknown


class Guarded(ToolCall):
    """A `ToolCall` that asks `Sent` first."""

    sent: Sent

    async def perform(self, args: tuple[Any, ...], draws: Sequence[Draw], meter: Meter) -> Answer:
        if self.sent.refuses(self.tool.name, args[0]):
            raise BadRequest(
                f"an equal call of {self.tool.name} was sent before and its outcome is unknown; "
                "it is not repeated"
            )
        return await super().perform(args, draws, meter)
