"""What a model says about a problem or about solutions, without solving it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from msgspec.structs import replace

from tts.graph import Node
from tts.protocols import Role
from tts.run import Generation, Run
from tts.values import Message


class Remark(Generation):
    """A generation whose value is plain text: no candidate, so it can neither vote nor win."""

    def __init__(self, run: Run, *, of: str, role: Role, model: str = "") -> None:
        """`of`: what is asked for, part of the call's key. `model`: a generator's name."""
        generators = run.settings.generators
        super().__init__(
            generators[model or next(iter(generators))],
            task=run.task,
            problem=run.problem,
            replicate=run.settings.seed,
        )
        self.spec = replace(self.spec, name=f"{of}/{run.task.name}", role=role)

    def value(self, args: tuple[Any, ...], content: Any, key: str) -> Any:
        return content.text


def remark(
    run: Run,
    messages: Sequence[Message],
    *,
    of: str,
    role: Role = "judge",
    model: str = "",
    **sampling: Any,
) -> Node[str]:
    """The node that will hold a model's reply to a conversation.

    `sampling`: fields of `Sampling` that differ from the run's.
    """
    operation = Remark(run, of=of, role=role, model=model)
    chosen = replace(run.settings.sampling, **sampling)
    node: Node[str] = run.call(operation, tuple(messages), chosen, "end")
    return node


async def said(run: Run, reply: Node[str]) -> str | None:
    """The text of a reply; None where the call failed for good, which is no verdict."""
    replies = await run.all([reply])
    return replies[0] if replies else None
