"""A call of a plan as nodes of a run: approval before an effect, and no effect sent twice unknowingly."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

import msgspec
from msgspec.structs import replace

from tts.errors import BadRequest, CallError, CallFailed, ToolFailed, UsageError
from tts.planner.execution.call_values import final, holds, resolved
from tts.planner.execution.settings import Approve, CallState, PlanSettings
from tts.planner.language import ITEM, Call
from tts.protocols import Answer, Draw, FlatCall, Meter, OperationSpec
from tts.run import KeptCandidates, Node, Outcome, Run, Strategy
from tts.tools import REPEATABLE, Tool, ToolCall, ToolContext
from tts.tools.tool import AttemptObserver
from tts.values import NOTHING

_PATIENCE = 7 * 24 * 3600.0
"""Seconds that a person has to answer."""


class Approval(FlatCall):
    """Asks the hook once per call; the answer is journalled, so that a resumed run does not ask.

    Arguments of a call: (resolved arguments, what it waits for).
    """

    content_type = bool
    flat_cost = NOTHING

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

    async def perform(self, args: tuple[Any, ...], draws: Sequence[Draw], meter: Meter) -> Answer:
        try:
            granted = bool(await self.approve(self.call, args[0]))
        except Exception as error:
            raise ToolFailed(f"the approval hook raised {type(error).__name__}: {error}") from error
        return self.answered(granted)

    def value(self, args: tuple[Any, ...], content: Any, key: str) -> bool:
        if not content:
            raise ToolFailed(f"call {self.call.id}, {self.call.tool}, was not approved")
        return True

    def pretend(self, args: tuple[Any, ...], draw: Draw) -> Any:
        return True


_encode = msgspec.json.Encoder(order="deterministic").encode


class UnknownOutcomes:
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


class GuardedToolCall(ToolCall):
    """A `ToolCall` that asks `UnknownOutcomes` first."""

    def __init__(
        self, tool: Tool, unknown: UnknownOutcomes, *, call: str, task: str, told: AttemptObserver
    ) -> None:
        super().__init__(tool, call=call, task=task, told=told)
        self.unknown = unknown

    async def perform(self, args: tuple[Any, ...], draws: Sequence[Draw], meter: Meter) -> Answer:
        if self.unknown.refuses(self.tool.name, args[0]):
            raise BadRequest(
                f"an equal call of {self.tool.name} was sent before and its outcome is unknown; "
                "it is not repeated"
            )
        return await super().perform(args, draws, meter)


CallObserver = Callable[[Call, CallState], None]


class CallBuilder:
    """Makes the nodes of calls; the same for a call by itself, under a condition and per element."""

    def __init__(
        self, settings: PlanSettings, *, task: str, told: CallObserver, fan_out: int
    ) -> None:
        self.settings, self.task, self.told, self.fan_out = settings, task, told, fan_out
        self.unknown_outcomes = UnknownOutcomes()

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
        if isinstance(operation, GuardedToolCall):
            node.listen(lambda ended: self._remember(tool, ended))
        return node

    def _operation(self, call: Call, tool: Tool) -> ToolCall:
        def told(what: Literal["started", "ended"]) -> None:
            self.told(call, what)

        number, unknown = str(call.id), self.unknown_outcomes
        if tool.effect in REPEATABLE:
            return ToolCall(tool, call=number, task=self.task, told=told)
        return GuardedToolCall(tool, unknown, call=number, task=self.task, told=told)

    def _remember(self, tool: Tool, node: Node[Any]) -> None:
        if node.error is not None and node.blocked is None:
            self.unknown_outcomes.failed(tool.name, node.resolved_args()[0], node.error)


def recovered(outcome: Outcome[Any], substitute: Any) -> Any:
    """The value of a call, or what stands in for it."""
    return outcome.value if outcome.ok else substitute


SOLVE = "solve"
"""Name of the tool that hands a question to a strategy."""


class _PlansOnly:
    """The body of a tool that the planner carries out itself."""

    def check(self, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
        return arguments

    async def __call__(self, arguments: Mapping[str, Any], context: ToolContext) -> Any:
        raise CallFailed("`solve` runs inside plans only.")


def solve_tool(strategies: tuple[str, ...]) -> Tool:
    """`solve(question, strategy)`: the named strategies, `best_of_n(n=4)` for example."""
    return Tool(
        name=SOLVE,
        description="Think about a question with a language model; returns the answer.",
        parameters={
            "type": "object",
            "properties": {
                "question": {"type": "string"},
                "strategy": {"type": "string", "enum": list(strategies), "default": strategies[0]},
            },
            "required": ["question"],
            "additionalProperties": False,
        },
        returns={"type": "string"},
        body=_PlansOnly(),
        effect="pure",
    )


async def solve_as_call(
    arguments: dict[str, Any],
    guards: list[Any],
    build: Callable[[str], Strategy] | None,
    *,
    run: Run,
) -> str:
    """Run a strategy on a question as a part of this run: its budget, journal and path."""
    question = str(arguments["question"])
    if build is None:
        raise UsageError("A plan that solves by strategies needs `build`.")
    strategy = build(arguments.get("strategy", "single"))
    problem = replace(run.problem, prompt=question, answer=None)
    inner = Run(
        dataclasses.replace(run.settings, problem=problem),
        scheduler=run.scheduler,
        account=run.account,
        parent=run,
        path=run.path,
        prefix=run.place,
        queue=run.queue,
    )
    inner.kept = KeptCandidates()
    run.children.append(inner)
    try:
        candidate = await strategy.solve(problem, inner)
    finally:
        inner.close()
        run.children.remove(inner)
    if candidate is None or candidate.answer is None:
        raise CallFailed(f"{strategy.name} found no answer to {question[:60]!r}.")
    return str(candidate.answer)
