"""What a pass made of a plan."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct
from msgspec.structs import replace

from tts.planner.language import Plan, Reference, Value, redirected
from tts.planner.language.plan import Call


class PassResult(Struct, frozen=True):
    """The plan afterwards, and one line per change, for `explain`."""

    plan: Plan
    changes: tuple[str, ...]


def redirect(plan: Plan, moved: Mapping[int, Reference]) -> Plan:
    """The plan with every reference to a moved call pointed at its new place."""

    def target(found: Reference) -> Reference:
        new = moved.get(found.call)
        return found if new is None else Reference(new.call, (*new.path, *found.path))

    def value(old: Value) -> Value:
        return redirected(old, target)

    calls = tuple(_redirected(call, value, target, moved) for call in plan.calls)
    return replace(plan, calls=calls, answer=value(plan.answer))


def _redirected(call: Call, value: object, target: object, moved: Mapping[int, Reference]) -> Call:
    change, point = value, target
    assert callable(change) and callable(point)
    when = call.when
    if when is not None:
        when = replace(when, left=change(when.left), right=change(when.right))
    return replace(
        call,
        arguments={name: change(old) for name, old in call.arguments.items()},
        each=None if call.each is None else point(call.each),
        when=when,
        after=tuple(dict.fromkeys(moved[n].call if n in moved else n for n in call.after)),
        substitute=change(call.substitute),
    )
