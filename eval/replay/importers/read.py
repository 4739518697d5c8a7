"""Whatever recorded generations are kept in, as rows: what a file is, is seen from its beginning."""

from __future__ import annotations

import gzip
import json
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, NamedTuple

from tts.backends.replay import SampleRow, read_rows
from tts.errors import BadInput
from tts.eval.replay.importers.fields import Fields, renamed
from tts.eval.replay.importers.inspect_logs import inspect_rows
from tts.eval.replay.importers.lines import LineKind, line_kind, line_rows
from tts.eval.replay.importers.pooled import Pooled, Record, sample_rows
from tts.values import Problem

FileKind = Literal["pool", "array", "inspect", "ledger"] | LineKind
SQLITE, GZIP = b"SQLite format 3\x00", b"\x1f\x8b"


class Imported(NamedTuple):
    """Rows to be read once, and what could not be told of them."""

    rows: Iterable[SampleRow]
    notes: tuple[str, ...] = ()


NO_FIELDS: Fields = {}
GRADED: Fields = {
    "problem_id": "question_id",
    "problem": "question_content",
    "completion": "code_list",
    "correct": "graded_list",
}
"""What LiveCodeBench's evaluation (`…_eval_all.json`) calls what a row has; lists hold the draws."""


async def import_rows(
    path: Path, problems: Sequence[Problem] = (), fields: Fields = NO_FIELDS
) -> Imported:
    """The rows of a file of any kind that is known: a pool, a JSON array of such rows, a log of
    inspect_ai, human-eval samples, outputs of an OpenAI batch, lm-eval samples, searches of Tree of
    Thoughts, a ledger of ours.

    `problems` give texts and references to rows that lack them, by id; `fields` say what a file of
    lines or an array calls what the layout has. Raises `BadInput`.
    """
    kind = kind_of(path)
    if kind == "pool" and not problems and not fields:
        return Imported(read_rows(path))
    if kind == "ledger":
        from tts.eval.replay.importers.ledger import ledger_rows  # the engine, for ledgers alone

        found = await ledger_rows(path)
    else:
        found = _renamed(path, fields) if fields else _pooled(path, kind)
    records = _completed(found.rows, problems) if problems else found.rows
    return Imported(list(sample_rows(path, records, found.places)), found.notes)


def kind_of(path: Path) -> FileKind:
    """What a file is; raises `BadInput` where it cannot be read."""
    try:
        with path.open("rb") as stream:
            begin = stream.read(16)
        if begin == SQLITE:
            return "ledger"
        if zipfile.is_zipfile(path):
            return "inspect"
        with _open(path) as lines:
            first = next((line for line in lines if line.strip()), b"").strip()
    except EOFError as error:
        raise BadInput(f"{path}: cannot be read ({error}).") from None
    except OSError as error:
        raise BadInput(f"{path}: cannot be read ({error.strerror or error}).") from None
    if first[:1] == b"[":
        return "array"
    try:
        told = json.loads(first or b"{}")
    except ValueError:
        return "inspect" if first == b"{" else "pool"
    if not isinstance(told, dict):
        return "pool"
    return "inspect" if "eval" in told else line_kind(told) or "pool"


def _open(path: Path) -> Any:
    with path.open("rb") as stream:
        zipped = stream.read(2) == GZIP
    return gzip.open(path, "rb") if zipped else path.open("rb")


def _pooled(path: Path, kind: FileKind) -> Pooled:
    match kind:
        case "inspect":
            return inspect_rows(path)
        case "human-eval" | "openai-batch" | "lm-eval" | "tree-of-thoughts" | "codet":
            return line_rows(path, kind, numbered_lines(path))
        case "array":
            with _open(path) as stream:
                found = _array(path, stream.read())
            if found and {"code_list", "graded_list"} <= found[0].keys():
                return _renamed(path, GRADED)
            return Pooled(found)
    rows, places = list[Record](), list[str]()
    for number, line in numbered_lines(path):
        rows.append(dict(line))
        places.append(f":{number}")
    return Pooled(rows, places=places)


def _renamed(path: Path, fields: Fields) -> Pooled:
    """Every line in the names of the layout, whatever wrote it."""
    rows: Iterable[tuple[int, Mapping[str, Any]]] = ()
    array = kind_of(path) == "array"
    if array:
        with _open(path) as stream:
            rows = enumerate(_array(path, stream.read()), start=1)
    else:
        rows = numbered_lines(path)
    found, places = list[Record](), list[str]()
    for number, row in rows:
        place = f": row {number}" if array else f":{number}"
        try:
            found += renamed(row, fields)
        except ValueError as error:
            raise BadInput(f"{path}{place}: {error}.") from None
        places += [place] * (len(found) - len(places))
    return Pooled(found, places=places)


def numbered_lines(path: Path) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """The objects of a JSONL file, gzipped or not, from 1; `BadInput` names a line that is none."""
    with _open(path) as lines:
        for number, line in enumerate(lines, start=1):
            if line.strip():
                try:
                    found = json.loads(line)
                except ValueError as error:
                    raise BadInput(f"{path}:{number}: is no JSON: {error}.") from None
                if not isinstance(found, dict):
                    raise BadInput(f"{path}:{number}: is no JSON object.")
                yield number, found


def _array(path: Path, content: bytes) -> list[Record]:
    try:
        found = json.loads(content)
    except ValueError as error:
        raise BadInput(f"{path}: is no JSON: {error}.") from None
    if not all(isinstance(one, dict) for one in found):
        raise BadInput(f"{path}: is no array of rows.")
    return list(found)


def _completed(records: Iterable[Record], problems: Sequence[Problem]) -> Iterator[Record]:
    """Rows with the texts and references of the problems that their ids name.

    An id that goes on after a problem's, as `p7-3` does, is a further draw of it.
    """
    known = {problem.id: problem for problem in problems}
    for record in records:
        name = str(record.get("problem_id"))
        problem = known.get(name) or known.get(_stem(name))
        if problem is None:
            yield record
            continue
        told = {"problem": problem.prompt, "reference": problem.answer, "task": problem.task}
        own = {key: value for key, value in record.items() if value is not None}
        yield {**told, **own, "problem_id": problem.id}


def _stem(name: str) -> str:
    """An id without the number of the draw at its end."""
    return name.rstrip("0123456789").rstrip("-_:#/")
