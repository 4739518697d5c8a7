"""What a pass made of a plan."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct
from msgspec.structs import replace

from tts.planner.language import Plan, Reference, redirected
from tts.planner.language.plan import Call


class PassResult(Struct, frozen=True):
    """The plan afterwards, and one line per change, for `explain`."""

    plan: Plan
    changes: tuple[str, ...]


def redirect(plan: Plan, moved: Mapping[int, Reference]) -> Plan:
    """The plan with every reference to a moved call pointed at its new place."""
    calls = tuple(redirected_call(call, moved) for call in plan.calls)
    return replace(plan, calls=calls, answer=redirected(plan.answer, Target(moved)))


def redirected_call(call: Call, moved: Mapping[int, Reference]) -> Call:
    """One call with its references pointed at the new places."""
    if not any(number in moved for number in call.inputs):
        return call
    target, when = Target(moved), call.when
    if when is not None:
        left, right = redirected(when.left, target), redirected(when.right, target)
        when = replace(when, left=left, right=right)
    return replace(
        call,
        arguments={name: redirected(old, target) for name, old in call.arguments.items()},
        each=None if call.each is None else target(call.each),
        when=when,
        after=tuple(dict.fromkeys(moved[n].call if n in moved else n for n in call.after)),
        substitute=redirected(call.substitute, target),
    )


class Target:
    """Where references go after calls were moved."""

    def __init__(self, moved: Mapping[int, Reference]) -> None:
        self.moved = moved

    def __call__(self, found: Reference) -> Reference:
        new = self.moved.get(found.call)
        return found if new is None else Reference(new.call, (*new.path, *found.path))
