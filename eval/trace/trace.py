"""A run as a tree of candidates, grown from its rows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Literal

import msgspec
from msgspec import Struct

from tts.eval.attempts import Grade
from tts.ledger import CandidateLine
from tts.protocols import CallRow, UseRow
from tts.values import NOTHING, Completion, Problem, Usage

Fate = Literal["chosen", "finished", "cut", "continued", "repeated", "pruned"]
"""chosen: holds the answer; finished: ended by itself; cut: stopped at its token limit;
continued: has children; repeated: an earlier sibling had its text; pruned: nothing came of it."""


class TraceNode(Struct, frozen=True, kw_only=True):
    """One drawn step or solution, what it cost and what came of it."""

    key: str
    node: str
    """Of the graph, as the ledger names it."""
    text: str
    """What the draw added."""
    fate: Fate
    model: str = ""
    answer: str | None = None
    value: float | None = None
    """The verifier's; None: not scored, or the run has not ended."""
    steps: tuple[float, ...] = ()
    drawn: Usage = NOTHING
    """Attributed use of the draw."""
    scored: Usage = NOTHING
    """Attributed use of scoring it."""
    on_path: bool = False
    """Whether it leads to the answer."""
    prompt: int | None = None
    """The place of its prompt among `Trace.prompts`; None: not on record."""
    why: str = ""
    """Why it ended as it did, in a sentence."""
    children: tuple[TraceNode, ...] = ()

    @property
    def own(self) -> Usage:
        return self.drawn + self.scored

    @property
    def below(self) -> Usage:
        """Of this node and all that grew out of it."""
        return sum((child.below for child in self.children), self.own)

    def walk(self) -> Iterator[TraceNode]:
        """This node and its descendants, parents first."""
        yield self
        for child in self.children:
            yield from child.walk()


class OtherCalls(Struct, frozen=True):
    """Calls that are no candidates: judgements, embeddings, tools."""

    role: str
    name: str
    count: int
    usage: Usage


class CallLine(Struct, frozen=True, kw_only=True):
    """One call of a run: a draw, a score, a judgement, a tool."""

    node: str
    role: str
    name: str
    inputs: tuple[str, ...]
    """The nodes that it waited for, those of local functions among them."""
    origin: str
    usage: Usage
    """Attributed."""
    start: float | None
    """Seconds since the first call was sent; None: nothing was sent for it."""
    seconds: float | None


class RunLine(Struct, frozen=True, kw_only=True):
    """One recorded run in a list."""

    run_id: str
    problem_id: str
    strategy: str
    """Canonical JSON."""
    budget: str
    replicate: int
    stopped_by: str | None
    answer: str | None
    usage: Usage | None
    error: str | None = None
    """Why the run has no answer, where it failed or was cut short."""


class Ballot(Struct, frozen=True, kw_only=True):
    """Equal answers of finished candidates."""

    answer: str
    votes: int
    score: float | None
    """The sum of their scores; None: not all are scored."""
    best: float | None
    """The highest of them."""
    right: bool | None
    """None: there is no reference, or it cannot be told."""


class Judged(Struct, frozen=True, kw_only=True):
    """A run's answers beside the reference and beside each other."""

    grade: Grade
    tally: tuple[Ballot, ...]
    """Those with the most votes first."""


class Trace(Struct, frozen=True, kw_only=True):
    """A recorded run."""

    run: RunLine
    roots: tuple[TraceNode, ...]
    others: tuple[OtherCalls, ...]
    notes: tuple[str, ...]
    """Refused and failed calls, as they were worded."""
    usage: Usage
    """Attributed, of every call."""
    why: str = ""
    """Why it spent what it did, where its strategy says so."""
    problem: Problem | None = None
    """As its set has it; None: the ledger holds no set."""
    prompts: tuple[str, ...] = ()
    """What was sent for its draws, each once."""
    calls: tuple[CallLine, ...] = ()
    """All of them, in the order in which they ended."""
    judged: Judged | None = None
    """None: nobody has compared its answers."""

    def nodes(self) -> Iterator[TraceNode]:
        """Every candidate, parents first."""
        for root in self.roots:
            yield from root.walk()


class Rows(Struct, frozen=True, kw_only=True):
    """What the ledger holds of one run; calls and candidates by key."""

    uses: Sequence[UseRow]
    calls: Mapping[str, CallRow]
    candidates: Mapping[str, CandidateLine]
    chosen: str = ""
    """Key of the candidate that holds the answer."""
    prompts: Mapping[str, int] = {}
    """Places of prompts by their hash."""


def grow(rows: Rows) -> tuple[TraceNode, ...]:
    """The candidates as trees, siblings in the order in which they were submitted."""
    draws = {use.key: use for use in sorted(rows.uses, key=order) if is_draw(use, rows)}
    children: dict[str, list[UseRow]] = defaultdict(list)
    for use in draws.values():
        parent = rows.calls[use.key].parent_key
        children[parent if parent in draws else ""].append(use)
    return _branch("", children, rows, scoring_costs(rows), path_to(rows))


def _branch(
    parent: str,
    children: Mapping[str, Sequence[UseRow]],
    rows: Rows,
    scored: Mapping[str, Usage],
    path: frozenset[str],
) -> tuple[TraceNode, ...]:
    seen: set[str] = set()
    grown: list[TraceNode] = []
    for use in children.get(parent, ()):
        below = _branch(use.key, children, rows, scored, path)
        drawn = msgspec.json.decode(rows.calls[use.key].content, type=Completion)
        known = rows.candidates.get(use.key)
        grown.append(
            TraceNode(
                key=use.key,
                node=use.node,
                text=drawn.text,
                fate=fate(drawn, known, rows, bool(below), repeated=drawn.text in seen),
                model=rows.calls[use.key].model,
                answer=known.answer if known else None,
                value=known.value if known else None,
                steps=known.score.steps if known and known.score else (),
                drawn=use.attributed,
                scored=scored.get(use.key, NOTHING),
                on_path=use.key in path,
                prompt=rows.prompts.get(rows.calls[use.key].input_hash),
                children=below,
            )
        )
        seen.add(drawn.text)
    return tuple(grown)


def fate(
    drawn: Completion, known: CandidateLine | None, rows: Rows, grew: bool, *, repeated: bool
) -> Fate:
    """What came of a draw."""
    if known is not None and known.key == rows.chosen:
        return "chosen"
    if known is not None and known.final:
        return "finished"
    if grew:
        return "continued"
    if repeated and (known is None or known.value is None):
        return "repeated"
    return "cut" if drawn.finish_reason == "length" else "pruned"


def scoring_costs(rows: Rows) -> dict[str, Usage]:
    """Attributed use of scoring, by the candidate that was scored.

    Equal texts share one call, and each use of it is charged: the first goes to the candidate
    that the call names, the others to those with the same scores.
    """
    costs: dict[str, Usage] = {}
    alike: dict[tuple[object, ...], list[str]] = defaultdict(list)
    for row in rows.candidates.values():
        alike[verdict(row)].append(row.key)
    for use in rows.uses:
        call = rows.calls.get(use.key)
        if use.role != "verify" or call is None:
            continue
        named = rows.candidates.get(call.parent_key)
        same = alike[verdict(named)] if named else []
        free = [key for key in (call.parent_key, *same) if key not in costs]
        owner = free[0] if free else call.parent_key
        costs[owner] = costs.get(owner, NOTHING) + use.attributed
    return costs


def verdict(line: CandidateLine) -> tuple[object, ...]:
    return (line.value, line.score.steps if line.score else ())


def path_to(rows: Rows) -> frozenset[str]:
    """Keys of the chosen candidate and its ancestors."""
    path: list[str] = []
    key = rows.chosen
    while key in rows.calls and key not in path:
        path.append(key)
        key = rows.calls[key].parent_key
    return frozenset(path)


def is_draw(use: UseRow, rows: Rows) -> bool:
    """Whether a use drew a candidate."""
    return use.role == "sample" and use.key in rows.calls


def order(use: UseRow) -> tuple[tuple[int, ...], str]:
    """Submission order: `3/12` is the twelfth node of the child Run that the third one is."""
    parts = use.node.split("/")
    return tuple(int(part) for part in parts if part.isdecimal()), use.node


def total(uses: Iterable[UseRow]) -> Usage:
    """The attributed sum."""
    return sum((use.attributed for use in uses), NOTHING)
