"""How a call ends: charged to its run, and its node told."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tts.errors import CallError, CallFailed, Dropped, Stopped, StrategyError, TTSError
from tts.executor.attempts import Pricer
from tts.executor.call import Call
from tts.executor.request import use_row
from tts.protocols import Origin, UseRow
from tts.run import Node
from tts.values import NOTHING, Event, SpendEvent, Usage

FOREIGN = (Exception, BaseExceptionGroup, SystemExit)
"""What code of a strategy or an operation may raise as a failure of its node."""


class Settlement:
    """Charges attributed cost and resolves nodes; the only place that does either for calls."""

    def __init__(self, *, job: str, price: Pricer, observe: Callable[[Event], None]) -> None:
        self.job, self.price, self.observe = job, price, observe
        self.open: dict[Node[Any], Call] = {}
        """Calls that were asked for and have not ended."""

    def deliver(self, call: Call, content: Any, attributed: Usage) -> None:
        """The call was answered."""
        self.charge(call, attributed)
        try:
            value = call.operation.value(call.args, content, call.key)
        except FOREIGN as error:
            fail_node(call.node, error)
        else:
            call.node.resolve(value)

    def fail(self, call: Call, error: CallError) -> None:
        """The last attempt failed: data for whoever awaits it."""
        self.charge(call, NOTHING)
        call.node.fail(CallFailed(failure(call, error), error))

    def stop(self, call: Call, error: TTSError) -> None:
        """Nothing more can be sent."""
        self.charge(call, NOTHING)
        fail_node(call.node, error)

    def charge(self, call: Call, attributed: Usage) -> None:
        """Turn the call's hold into what it would have cost alone."""
        self.open.pop(call.node, None)
        call.run.settings.recorded.attributed.pop(call.id, None)
        if call.state == "admitted":
            call.run.queue.settle(call, attributed)
            role, spend = call.operation.spec.role, call.run.spend
            spend[role] = spend.get(role, NOTHING) + attributed
        if call.run.settings.watched:
            self.observe(
                SpendEvent(call.run.settings.run_id, call.id, attributed, call.run.root.billed)
            )

    def attributed(self, call: Call, usage: Usage) -> Usage:
        return self.priced(call, call.operation.attributed(usage, first=call.first))

    def priced(self, call: Call, usage: Usage) -> Usage:
        return self.price(call.operation.spec.model, usage)

    def use_row(self, call: Call, attributed: Usage, origin: Origin) -> UseRow:
        return use_row(call, attributed, origin, self.job)


def fail_node(node: Node[Any], error: BaseException) -> None:
    """Fail a node with an error of its own code: a refusal stays one, a bug names the node."""
    if isinstance(error, Stopped):
        node.fail(error, "refused")
    elif isinstance(error, Dropped):
        node.fail(error, "dropped")
    elif isinstance(error, TTSError):
        node.fail(error)
    else:
        node.fail(fault(node, error))


def fault(node: Node[Any], error: BaseException) -> TTSError:
    """An error of a node's own code, with the node's name."""
    if isinstance(error, TTSError):
        return error
    wrapped = StrategyError(f"{node.name} raised {type(error).__name__}: {error}")
    seen = error.__traceback__
    wrapped.__cause__ = error.with_traceback(seen and seen.tb_next)  # ours holds the node
    return wrapped


def failure(call: Call, error: CallError) -> str:
    """How a failed call is worded, now and in every replay."""
    return f"{call.node.name}: {type(error).__name__}: {error}"
