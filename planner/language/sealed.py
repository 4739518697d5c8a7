"""What a reader finds in a plan's text, piece by piece."""

from __future__ import annotations

from typing import Protocol

from msgspec import Struct

from tts.planner.language.fault import Fault
from tts.planner.language.plan import Call, Patch, Plan
from tts.planner.language.value import Value


class Answer(Struct, frozen=True):
    """The line that says where the answer is; `joined`: a joiner will read the results."""

    value: Value = None
    joined: bool = False


class Drop(Struct, frozen=True):
    """The line of a patch that takes a call out."""

    call: int


class Sealed(Struct, frozen=True):
    """One finished statement and the line on which it starts; nothing can change it any more."""

    item: Call | Answer | Drop | Fault
    line: int


class Reader(Protocol):
    """Reads a plan as it is written. What it finds depends on the text only, never on chunks."""

    def feed(self, text: str) -> list[Sealed]: ...

    def end(self) -> list[Sealed]: ...


class Draft(Struct, frozen=True, kw_only=True):
    """All that was read: a patch of what was before, which for a first plan was nothing."""

    patch: Patch
    lines: dict[int, int]
    """Line by call."""
    faults: tuple[Fault, ...]

    @property
    def plan(self) -> Plan:
        return self.patch.applied(Plan())


_NO_PLAN = Fault(
    kind="no plan",
    message="the text holds no call and no answer",
    expected="calls in the form asked for, then the answer or join()",
)


def draft_of(sealed: list[Sealed]) -> Draft:
    """Collect; a second call of one id is a fault, the first one stays; no statement at all is one."""
    calls: dict[int, Call] = {}
    lines: dict[int, int] = {}
    faults: list[Fault] = []
    drops: list[int] = []
    answer: Answer | None = None
    for one in sealed:
        match one.item:
            case Call() as call if call.id in calls:
                faults.append(_duplicate(call, one.line, lines[call.id]))
            case Call() as call:
                calls[call.id], lines[call.id] = call, one.line
            case Answer() as found:
                answer = found
            case Drop() as drop:
                drops.append(drop.call)
            case Fault() as fault:
                faults.append(fault)
    if not sealed:
        faults.append(_NO_PLAN)
    patch = Patch(
        calls=tuple(calls.values()),
        drops=tuple(drops),
        answer=answer.value if answer else None,
        joined=answer.joined if answer else None,
    )
    return Draft(patch=patch, lines=lines, faults=tuple(faults))


def _duplicate(call: Call, line: int, first: int) -> Fault:
    return Fault(
        kind="duplicate id",
        message=f"call {call.id} was already written on line {first}",
        line=line,
        call=call.id,
        tool=call.tool,
        expected="a number of its own",
        got=str(call.id),
    )
