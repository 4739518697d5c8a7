"""A call of a plan as nodes of a run."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

from tts.errors import CallFailed
from tts.planner.execution.effects import Approval, Guarded, Sent
from tts.planner.execution.events import CallState
from tts.planner.execution.resolve import final, holds, resolved
from tts.planner.execution.settings import PlanSettings
from tts.planner.execution.solving import SOLVE, solve_as_call
from tts.planner.language import ITEM, Call
from tts.run import Node, Outcome, Run
from tts.tools import REPEATABLE, Tool, ToolCall

Told = Callable[[Call, CallState], None]


class Maker:
    """Makes the nodes of calls; the same for a call by itself, under a condition and per element."""

    def __init__(self, settings: PlanSettings, *, task: str, told: Told, fan_out: int) -> None:
        self.settings, self.task, self.told, self.fan_out = settings, task, told, fan_out
        self.sent = Sent()

    def make(
        self,
        call: Call,
        tool: Tool,
        nodes: Mapping[int, Node[Any]],
        guards: Sequence[Node[Any]],
        run: Run,
        priority: float,
    ) -> Node[Any]:
        """The node that holds the call's result."""
        waits = [*guards, *(nodes[number] for number in call.after)]
        if call.each is None and call.when is None:
            arguments = resolved(call.arguments, nodes, run)
            made = self._invoke(call, tool, arguments, waits, run, priority)
        else:
            used = {number: nodes[number] for number in call.inputs if number in nodes}
            made = run.spawn(self._unfold, call, tool, used, waits, priority)
        if call.on_failure == "substitute":
            return run.call(recovered, made, resolved(call.substitute, nodes, run))
        return made

    async def _unfold(
        self,
        call: Call,
        tool: Tool,
        results: dict[int, Any],
        guards: list[Any],
        priority: float,
        *,
        run: Run,
    ) -> Any:
        """A conditional call, or one call per element, in a Run of its own."""
        if call.when is not None:
            left, right = final(call.when.left, results), final(call.when.right, results)
            if not holds(call.when, left, right):
                return None
        if call.each is None:
            arguments = final(call.arguments, results)
            return await self._invoke(call, tool, arguments, (), run, priority)
        items = final(call.each, results)
        if not isinstance(items, list) or len(items) > self.fan_out:
            got = f"{len(items)} elements" if isinstance(items, list) else type(items).__name__
            raise CallFailed(f"{call.each} is to be a list of at most {self.fan_out}, not {got}.")
        made = [
            self._invoke(
                call, tool, final(call.arguments, {**results, ITEM: item}), (), run, priority
            )
            for item in items
        ]
        values = await run.all(made)
        if values.failed:
            raise values.failed[0][1]
        return list(values)

    def _invoke(
        self,
        call: Call,
        tool: Tool,
        arguments: Any,
        guards: Sequence[Any],
        run: Run,
        priority: float,
    ) -> Node[Any]:
        waits = list(guards)
        if tool.name == SOLVE:
            return run.spawn(solve_as_call, arguments, waits, self.settings.build)
        if tool.effect not in REPEATABLE and self.settings.approve is not None:
            asked = Approval(self.settings.approve, call, run.settings.run_id)
            waits = [run.call(asked, arguments, waits)]
        operation = self._operation(call, tool)
        node = run.call(operation, arguments, waits)
        node.priority = priority
        if isinstance(operation, Guarded):
            node.listen(lambda ended: self._remember(tool, ended))
        return node

    def _operation(self, call: Call, tool: Tool) -> ToolCall:
        def told(what: Literal["started", "ended"]) -> None:
            self.told(call, what)

        if tool.effect in REPEATABLE:
            return ToolCall(tool, call=str(call.id), task=self.task, told=told)
        guarded = Guarded(tool, call=str(call.id), task=self.task, told=told)
        guarded.sent = self.sent
        return guarded

    def _remember(self, tool: Tool, node: Node[Any]) -> None:
        if node.error is not None and node.blocked is None:
            self.sent.failed(tool.name, node.resolved_args()[0], node.error)


def recovered(outcome: Outcome[Any], substitute: Any) -> Any:
    """The value of a call, or what stands in for it."""
    return outcome.value if outcome.ok else substitute
