"""A result as the ledger keeps it, and back again."""

from __future__ import annotations

import msgspec
from msgspec import Struct, field

from tts.values import Candidate, Kept, Problem, Result, Score, StoppedBy, Usage


class CandidateRecord(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A candidate without its problem; its ancestors by key."""

    key: str
    text: str
    parent: str = ""
    final: bool = False
    answer: str | None = None
    finish_reason: str | None = None
    completion_tokens: int = 0
    score: Score | None = None


class ResultRecord(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a finished run leaves."""

    answer: str | None
    chosen: CandidateRecord | None
    candidates: tuple[CandidateRecord, ...]
    usage: Usage
    billed: Usage
    stopped_by: StoppedBy
    error: str | None = None
    spend: dict[str, Usage] = field(default_factory=dict)
    seconds: float = 0.0


def encode_result(result: Result) -> bytes:
    """A finished run as JSON."""
    record = ResultRecord(
        answer=result.answer,
        chosen=_record(Kept(result.candidate)) if result.candidate else None,
        candidates=tuple(_record(kept) for kept in result.candidates),
        usage=result.usage,
        billed=result.billed,
        stopped_by=result.stopped_by,
        error=result.error,
        spend=result.spend,
        seconds=result.seconds,
    )
    return msgspec.json.encode(record)


def decode_result(content: bytes, problem: Problem, run_id: str) -> Result:
    """The result of an earlier process; the problem comes from the set, not from the record."""
    record = msgspec.json.decode(content, type=ResultRecord)
    candidates: dict[str, Candidate] = {}
    for entry in record.candidates:
        candidates[entry.key] = _candidate(entry, problem, candidates)
    chosen = record.chosen
    return Result(
        problem_id=problem.id,
        answer=record.answer,
        candidate=_candidate(chosen, problem, candidates) if chosen else None,
        candidates=tuple(Kept(candidates[e.key], e.score) for e in record.candidates),
        usage=record.usage,
        billed=record.billed,
        stopped_by=record.stopped_by,
        error=record.error,
        spend=record.spend,
        seconds=record.seconds,
        run_id=run_id,
    )


def _record(kept: Kept) -> CandidateRecord:
    candidate = kept.candidate
    return CandidateRecord(
        key=candidate.key,
        text=candidate.text,
        parent=candidate.parent.key if candidate.parent else "",
        final=candidate.final,
        answer=candidate.answer,
        finish_reason=candidate.finish_reason,
        completion_tokens=candidate.completion_tokens,
        score=kept.score,
    )


def _candidate(entry: CandidateRecord, problem: Problem, known: dict[str, Candidate]) -> Candidate:
    return Candidate(
        problem=problem,
        text=entry.text,
        key=entry.key,
        parent=known.get(entry.parent),
        final=entry.final,
        answer=entry.answer,
        finish_reason=entry.finish_reason,  # type: ignore[arg-type]
        completion_tokens=entry.completion_tokens,
    )
