"""A call with an effect that refuses to be a repetition."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tts.errors import BadRequest
from tts.planner.execution.sent import Sent
from tts.protocols import Answer, Draw, Meter
from tts.tools import ToolCall


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
