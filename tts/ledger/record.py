"""A run's result as the ledger keeps it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import msgspec
from msgspec import Struct
from msgspec.structs import asdict, replace

from tts.ledger.codec import of_bill
from tts.protocols import CallRow
from tts.values import (
    NOTHING,
    Candidate,
    FinishReason,
    Kept,
    Message,
    Problem,
    Reason,
    RecordedVerdict,
    Recording,
    Result,
    Score,
    StoppedBy,
    Usage,
)
from tts.values.redacted import redact

Find = Callable[[str], CallRow | None]
"""A finished call by its key."""


class Written(Struct, frozen=True):
    """What a draw added, as the content of its call tells it."""

    text: str
    completion_tokens: int = 0


_written = msgspec.json.Decoder(Written)


def written(call: CallRow | None) -> Written | None:
    """None where there is no such call, or it drew no text."""
    if call is None:
        return None
    try:
        return _written.decode(call.content)
    except msgspec.DecodeError:
        return None


class Drawn(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A candidate: its parent by position, its text as what it adds to the parent's."""

    key: str
    text: str | None = None
    """None: what the call of this key wrote, which stands in the ledger once."""
    parent: int | None = None
    whole: bool = False
    """The text is not a continuation of the parent's and stands here in full."""
    problem: Problem | None = None
    """None: the problem of the run."""
    final: bool | None = None
    """None: it is where it has an answer."""
    answer: str | None = None
    finish_reason: FinishReason | None = "stop"
    completion_tokens: int = 0
    """Of the whole text; without a text here the call of this key says what it added."""
    messages: tuple[Message, ...] = ()
    mean_logprob: float | None = None
    recorded: Recording | None = None

    @property
    def ended(self) -> bool:
        return self.answer is not None if self.final is None else self.final


class Brief(Usage, frozen=True, kw_only=True, gc=False, omit_defaults=True):
    """A usage whose JSON leaves out what was not spent, and what is not known."""

    nanodollars: int | None = None
    flops: int | None = None
    gpu_microseconds: int | None = None


class Record(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Everything of a `Result` but its problem, every text stored once."""

    run_id: str
    answer: str | None = None
    drawn: tuple[Drawn, ...]
    kept: tuple[int | tuple[int, Score | None], ...] | None = None
    """Places among the drawn, with the verdict where there is one; None: all of them, unjudged."""
    chosen: int | None = None
    usage: Usage | None = None
    """None: the sum of `spend`."""
    billed: Usage | None = None
    """None: as attributed, or as said by `sharing`."""
    sharing: bool = False
    """Billed as attributed, with every token computed: nobody else had the server cache any."""
    stopped_by: StoppedBy
    error: str | None = None
    spend: dict[str, Brief]
    seconds: float
    recorded: RecordedVerdict | None = None
    missing: dict[str, int] = {}
    reasons: tuple[Reason, ...] = ()
    unread_tokens: int | None = None


class Lineage:
    """Candidates in an order in which parents come before their children."""

    def __init__(self, problem_id: str, find: Find) -> None:
        self._find = find
        self.drawn: list[Drawn] = []
        self._problem_id = problem_id
        self._seen: list[Candidate] = []
        self._places: dict[tuple[str, str], list[int]] = {}

    def place(self, candidate: Candidate) -> int:
        """Where a candidate stands; it and its ancestors are added where they are new."""
        chain = [candidate]
        while chain[-1].parent is not None:
            chain.append(chain[-1].parent)
        place: int | None = None
        for member in reversed(chain):
            place = self._add(member, place)
        assert place is not None
        return place

    def _add(self, member: Candidate, parent: int | None) -> int:
        places = self._places.setdefault((member.key, member.text), [])
        for place in places:
            known = self._seen[place]
            if known is member or (self.drawn[place].parent == parent and known == member):
                return place
        places.append(len(self.drawn))
        self._seen.append(member)
        self.drawn.append(self._drawn(member, parent))
        return places[-1]

    def _drawn(self, member: Candidate, parent: int | None) -> Drawn:
        continued = member.parent is not None and member.text.startswith(member.parent.text)
        text = member.delta if continued else member.text
        before = member.parent.completion_tokens if member.parent else 0
        found = written(self._find(member.key))
        known = found == Written(text, member.completion_tokens - before)
        return Drawn(
            key=member.key,
            text=None if known else text,
            parent=parent,
            whole=member.parent is not None and not continued,
            problem=None if member.problem.id == self._problem_id else member.problem,
            final=None if member.final == (member.answer is not None) else member.final,
            answer=member.answer,
            finish_reason=member.finish_reason,
            completion_tokens=0 if known else member.completion_tokens,
            messages=member.messages if member.parent is None else (),
            mean_logprob=member.mean_logprob,
            recorded=member.recorded,
        )


def encode_result(result: Result, find: Find = lambda _: None) -> bytes:
    """The JSON that a `RunRow` keeps of a result; texts that a call holds are left to it."""
    lineage = Lineage(result.problem_id, find)
    places = [lineage.place(kept.candidate) for kept in result.candidates]
    kept = tuple(
        place if one.score is None else (place, one.score)
        for place, one in zip(places, result.candidates, strict=True)
    )
    chosen = None if result.candidate is None else lineage.place(result.candidate)
    billed, alone = result.billed_in_all, computed(result.usage)
    record = Record(
        run_id=result.run_id,
        answer=result.answer,
        drawn=tuple(lineage.drawn),
        kept=None if kept == tuple(range(len(lineage.drawn))) else kept,
        chosen=chosen,
        usage=None if result.usage == total(result.spend) else result.usage,
        billed=None if billed in (result.usage, alone) else billed,
        sharing=billed == alone != result.usage,
        stopped_by=result.stopped_by,
        error=None if result.error is None else redact(result.error),
        spend={role: Brief(**asdict(usage)) for role, usage in result.spend.items()},
        seconds=result.seconds,
        recorded=result.recorded,
        missing={redact(reason): count for reason, count in result.missing.items()},
        reasons=result.reasons,
        unread_tokens=result.unread_tokens,
    )
    return msgspec.json.encode(record)


def decode_result(content: bytes, problem: Problem, find: Find = lambda _: None) -> Result:
    """The result of a run on this problem, from the JSON of its `RunRow`.

    Without `find` the texts of its candidates stay empty where a call holds them.
    """
    record = msgspec.json.decode(content, type=Record)
    candidates: list[Candidate] = []
    for drawn in record.drawn:
        candidates.append(restore(drawn, candidates, problem, find))
    return told(record, problem, candidates)


def decode_summary(content: bytes, problem: Problem) -> Result:
    """As `decode_result`, without the candidates of a result that has an answer: they are most of
    the work, and a report asks for them only to say why there is none."""
    record = msgspec.json.decode(content, type=Record)
    return decode_result(content, problem) if record.answer is None else told(record, problem, ())


def told(record: Record, problem: Problem, candidates: Sequence[Candidate]) -> Result:
    """What a record says; it has the candidates that are given."""
    spend = {role: counted(role, brief) for role, brief in record.spend.items()}
    usage = total(spend) if record.usage is None else record.usage
    chosen = record.chosen if candidates else None
    kept = verdicts(record) if candidates else []
    return Result(
        problem_id=problem.id,
        answer=record.answer,
        candidate=None if chosen is None else candidates[chosen],
        candidates=tuple(Kept(candidates[place], score) for place, score in kept),
        usage=usage,
        billed=record.billed or (computed(usage) if record.sharing else usage),
        stopped_by=record.stopped_by,
        error=record.error,
        spend=spend,
        seconds=record.seconds,
        missing=record.missing,
        run_id=record.run_id,
        recorded=record.recorded,
        reasons=record.reasons,
        unread_tokens=record.unread_tokens,
    )


def counted(role: str, brief: Brief) -> Usage:
    """What a role spent; its retrievals are its calls, where they were not counted apart yet."""
    spent = Usage(**asdict(brief))
    return replace(spent, retrievals=spent.calls) if role == "retrieve" else spent


def computed(usage: Usage) -> Usage:
    """A usage of a server that had nothing cached."""
    return of_bill(replace(usage, cached_prompt_tokens=0))


def total(spend: Mapping[str, Usage]) -> Usage:
    return sum(spend.values(), NOTHING)


def verdicts(record: Record) -> list[tuple[int, Score | None]]:
    kept = range(len(record.drawn)) if record.kept is None else record.kept
    return [(one, None) if isinstance(one, int) else one for one in kept]


def restore(drawn: Drawn, before: list[Candidate], problem: Problem, find: Find) -> Candidate:
    parent = None if drawn.parent is None else before[drawn.parent]
    begun = "" if parent is None or drawn.whole else parent.text
    tokens, text = drawn.completion_tokens, drawn.text
    if text is None:
        added = written(find(drawn.key)) or Written("", 0)
        tokens = added.completion_tokens + (parent.completion_tokens if parent else 0)
        text = added.text
    return Candidate(
        problem=drawn.problem or problem,
        text=begun + text,
        key=drawn.key,
        parent=parent,
        final=drawn.ended,
        answer=drawn.answer,
        finish_reason=drawn.finish_reason,
        completion_tokens=tokens,
        messages=parent.messages if parent else drawn.messages,
        mean_logprob=drawn.mean_logprob,
        recorded=drawn.recorded,
    )


class CandidateLine(Struct, frozen=True, kw_only=True):
    """A kept candidate of a run, without its text."""

    key: str
    parent_key: str
    final: bool
    answer: str | None
    score: Score | None

    @property
    def value(self) -> float | None:
        return self.score.value if self.score else None


def candidate_lines(content: bytes) -> list[CandidateLine]:
    """The kept candidates in the JSON of a `RunRow`, each once; of several verdicts the last."""
    if not content:
        return []
    record = msgspec.json.decode(content, type=Record)
    lines: dict[str, CandidateLine] = {}
    for place, score in verdicts(record):
        drawn = record.drawn[place]
        before = lines.get(drawn.key)
        lines[drawn.key] = CandidateLine(
            key=drawn.key,
            parent_key="" if drawn.parent is None else record.drawn[drawn.parent].key,
            final=drawn.ended,
            answer=drawn.answer,
            score=score or (before.score if before else None),
        )
    return list(lines.values())
