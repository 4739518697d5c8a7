"""Rows of any known set, read as distinct problems."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from typing import Any

from tts.errors import BadInput
from tts.eval.problems.lines import BadRow
from tts.eval.problems.problem_set import ProblemSet, SkippedRow
from tts.values import Problem

ID_FIELDS = ("id", "problem_id", "unique_id", "task_id", "index", "rank")
PROMPT_FIELDS = ("problem", "question", "prompt", "puzzle", "puzzles")
ANSWER_FIELDS = ("answer", "final_answer", "reference", "target")
BIN_FIELDS = ("difficulty_bin", "level", "difficulty")
_GSM8K_MARK = "####"
_LEVEL = re.compile(r"(?:level\s*)?([1-5])", re.IGNORECASE)


def problem_of(row: Mapping[str, Any], *, default_id: str, default_task: str) -> Problem:
    """The Problem in a row; what no field of a Problem takes is kept as metadata.

    Raises `BadRow` where the question is missing or a field has a type that makes no sense.
    """
    prompt = _question(row)
    raw_answer = _text(row, ANSWER_FIELDS)
    known = {_used(row, fields) for fields in (ID_FIELDS, PROMPT_FIELDS, ANSWER_FIELDS)} | {"task"}
    metadata = {str(name): value for name, value in row.items() if name not in known}
    if raw_answer is not None and _GSM8K_MARK in raw_answer:
        metadata.setdefault("solution", raw_answer)
    return Problem(
        id=_text(row, ID_FIELDS) or default_id,
        prompt=prompt,
        answer=_final_answer(raw_answer),
        task=_text(row, ("task",)) or default_task,
        difficulty_bin=_bin(row),
        metadata=metadata,
    )


def _used(row: Mapping[str, Any], fields: tuple[str, ...]) -> str | None:
    return next((name for name in fields if row.get(name) is not None), None)


def _question(row: Mapping[str, Any]) -> str:
    name = _used(row, PROMPT_FIELDS)
    value = row[name] if name else None
    if value is not None and not isinstance(value, str):
        raise BadRow(f"{name!r} must be text, not {_kind(value)}")
    if name is None or not isinstance(value, str) or not value.strip():
        raise BadRow(f"no question: one of {', '.join(PROMPT_FIELDS)} is needed")
    return _whole(name, value)


def _text(row: Mapping[str, Any], fields: tuple[str, ...]) -> str | None:
    """Text or a number as text; the texts of a list with commas between them."""
    name = _used(row, fields)
    if name is None:
        return None
    value = row[name]
    if isinstance(value, list) and value and all(isinstance(part, str) for part in value):
        return _whole(name, ", ".join(value))
    if isinstance(value, str) or _is_number(value):
        return _whole(name, str(value))
    raise BadRow(f"{name!r} must be text or a number, or a list of texts, not {_kind(value)}")


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _kind(value: Any) -> str:
    if isinstance(value, list):
        return "a list of " + (type(value[0]).__name__ if value else "nothing")
    return f"{type(value).__name__} ({str(value)[:20]})"


def _whole(name: str, text: str) -> str:
    if "\0" in text:
        raise BadRow(f"{name!r} holds a NUL character, which is no text")
    return text


def _final_answer(text: str | None) -> str | None:
    if text is None:
        return None
    return text.rpartition(_GSM8K_MARK)[2].strip() or None


def _bin(row: Mapping[str, Any]) -> int | None:
    name = _used(row, BIN_FIELDS)
    match = _LEVEL.fullmatch(str(row[name]).strip()) if name else None
    return int(match.group(1)) if match else None


def collect(
    rows: Iterable[tuple[int, dict[str, Any] | BadRow]],
    *,
    source: str,
    stem: str,
    task: str,
    skip_bad: bool,
    revision: str | None = None,
) -> ProblemSet:
    """The rows as a set: ids distinct, and answers on every problem or on none.

    A bad row raises `BadInput` as `source:line: reason`, or is listed where `skip_bad` is set.
    """
    skipped: list[SkippedRow] = []
    kept: dict[str, tuple[int, Problem]] = {}
    for position, (line, row) in enumerate(rows):
        try:
            problem = _read(row, f"{stem}-{position}", task)
            if problem.id in kept:
                raise BadRow(f"the id {problem.id[:80]!r} is that of line {kept[problem.id][0]}")
            kept[problem.id] = line, problem
        except BadRow as error:
            _note(source, line, error, skipped, skip_bad)
    _drop_unanswered(source, kept, skipped, skip_bad)
    if not kept:
        raise BadInput(f"{source}:1: no problem in it{_count(skipped)}.")
    problems = tuple(problem for _, problem in kept.values())
    return ProblemSet(source=source, problems=problems, revision=revision, skipped=tuple(skipped))


def _read(row: dict[str, Any] | BadRow, default_id: str, task: str) -> Problem:
    if isinstance(row, BadRow):
        raise row
    return problem_of(row, default_id=default_id, default_task=task)


def _note(source: str, line: int, error: BadRow, skipped: list[SkippedRow], skip_bad: bool) -> None:
    if not skip_bad:
        raise BadInput(f"{source}:{line}: {error}.") from error
    skipped.append(SkippedRow(line, str(error)))


def _drop_unanswered(
    source: str, kept: dict[str, tuple[int, Problem]], skipped: list[SkippedRow], skip_bad: bool
) -> None:
    bare = [key for key, (_, problem) in kept.items() if problem.answer is None]
    if len(bare) == len(kept):
        return
    for key in bare:
        line, _ = kept.pop(key)
        _note(source, line, BadRow("no answer, where other rows have one"), skipped, skip_bad)


def _count(skipped: list[SkippedRow]) -> str:
    return f" ({len(skipped)} bad rows, the first: {skipped[0].reason})" if skipped else ""
