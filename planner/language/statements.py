"""What is read of a plan's text: its statements, their faults, and the draft that they make."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Literal, Protocol

from msgspec import Struct

from tts.planner.language.plan import Call, Patch, Plan, Value

FaultKind = Literal[
    "no plan",
    "syntax",
    "unread line",
    "duplicate id",
    "unknown tool",
    "missing argument",
    "extra argument",
    "ill-typed argument",
    "unknown reference",
    "forward reference",
    "unknown field",
    "ill-typed reference",
    "ambiguous dollar",
    "cycle",
    "too large",
]


class Fault(Struct, frozen=True, kw_only=True):
    """One fault; a plan with any of them is not run."""

    kind: FaultKind
    message: str
    line: int = 0
    """1 for the first; 0: not of one line."""
    call: int = 0
    tool: str = ""
    target: int = 0
    """The call that an unknown reference asks for."""
    expected: str = ""
    got: str = ""
    nearest: str = ""

    def __str__(self) -> str:
        where = [f"line {self.line}"] if self.line else []
        where += [f"call {self.call}"] if self.call else []
        where += [self.tool] if self.tool else []
        parts = [f"{', '.join(where) or 'plan'}: {self.kind}: {self.message}"]
        parts += [f"expected {self.expected}"] if self.expected else []
        parts += [f"got {self.got}"] if self.got else []
        parts += [f"did you mean {self.nearest}?"] if self.nearest else []
        return "; ".join(parts)


def nearest(name: str, known: Iterable[str]) -> str:
    """The known name that is most like a wrong one; empty where none is."""
    names = list(known)
    folded = {known_name.replace("_", "").lower(): known_name for known_name in names}
    same = folded.get(name.replace("_", "").lower())
    return same or next(iter(get_close_matches(name, names, n=1)), "")


class Answer(Struct, frozen=True):
    """The line that says where the answer is; `joined`: a joiner will read the results."""

    value: Value = None
    joined: bool = False


class Drop(Struct, frozen=True):
    """The line of a patch that takes a call out."""

    call: int


class Statement(Struct, frozen=True):
    """One finished statement and the line on which it starts; nothing can change it any more."""

    item: Call | Answer | Drop | Fault
    line: int


class Reader(Protocol):
    """Reads a plan as it is written. What it finds depends on the text only, never on chunks."""

    def feed(self, text: str) -> list[Statement]: ...

    def end(self) -> list[Statement]: ...


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


def draft_of(sealed: list[Statement]) -> Draft:
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
