"""Files of recorded samples, and the problems behind them."""

from __future__ import annotations

import gzip
import re
import zlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from io import BufferedReader
from pathlib import Path

import msgspec
from msgspec.structs import replace

from tts.backends.replay.row import Line, SampleRow
from tts.errors import BadInput, UnknownName
from tts.values import Problem

_DECODER = msgspec.json.Decoder(Line)
_GZIP = b"\x1f\x8b"
_BUFFER = 1 << 16
_LEVEL = re.compile(r"(?:Level )?([1-5])")


def split_source(source: str) -> tuple[Path, str | None]:
    """`FILE` or `FILE#MODEL`, with or without `replay:` before it; either may hold a `#`."""
    text = source.removeprefix("replay:")
    parts = text.split("#")
    for end in range(len(parts), 0, -1):
        path = Path("#".join(parts[:end]))
        if path.is_file():
            return path, "#".join(parts[end:]) or None
    return Path(parts[0]), "#".join(parts[1:]) or None


def model_rows(source: str) -> tuple[SampleRow, ...]:
    """The rows of the one model that a source names, or that its file holds.

    Raises `BadInput` where the file holds several and none is named.
    """
    path, model = split_source(source)
    rows = sample_rows(path, model)
    if len(names := models(rows)) > 1:
        raise BadInput(
            f"{path} holds samples of {len(names)} models: name one, as in"
            f" 'replay:{path}#{names[0]}'. They are: {', '.join(names)}."
        )
    return rows


def models(rows: Iterable[SampleRow]) -> list[str]:
    """The models of the rows, in order of their first row."""
    return list(dict.fromkeys(row.model for row in rows))


def sample_rows(path: Path, model: str | None = None) -> tuple[SampleRow, ...]:
    """The rows of a JSONL file, gzipped or not, of one model or of all.

    A problem's text may stand in any of its rows, of any model. Raises `BadInput` with file and
    line for what is no sample, and for a file or a model without any.
    """
    rows, names, others = list[SampleRow](), dict[str, None](), dict[str, str]()
    for row in read_rows(path):
        names[row.model] = None
        if model is None or row.model == model:
            rows.append(row)
        if row.problem:
            others.setdefault(row.problem_id, row.problem)
    if not names:
        raise BadInput(f"{path} holds no samples.")
    if not rows:
        raise BadInput(f"{path} has other models: {UnknownName('model', str(model), names)}")
    return tuple(_with_texts(rows, others))


def _with_texts(rows: list[SampleRow], others: dict[str, str]) -> Iterator[SampleRow]:
    """Rows whose problem has no text in any row of their model get that of another's."""
    told = defaultdict[str, set[str]](set)
    for row in rows:
        if row.problem:
            told[row.model].add(row.problem_id)
    for row in rows:
        missing = row.problem_id not in told[row.model]
        text = others.get(row.problem_id) if missing else None
        yield replace(row, problem=text) if text else row


def read_rows(path: Path) -> Iterator[SampleRow]:
    """The rows of a JSONL file, one by one, as they stand there; `BadInput` as `sample_rows`."""
    number, texts, places = 0, dict[str, str](), defaultdict[tuple[str | None, str], int](int)

    def shared(text: str) -> str:
        return texts.setdefault(text, text)

    try:
        with _open(path) as lines:
            for line in lines:
                number += 1
                if line.strip():
                    told = _DECODER.decode(line)
                    place = (told.model, str(told.problem_id or told.problem))
                    yield told.row(places[place], shared)
                    places[place] += 1
    except (msgspec.DecodeError, ValueError) as error:
        raise BadInput(f"{path}:{number}: not a recorded sample: {error}.") from None
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise BadInput(f"{path}:{number}: damaged gzip data ({error}).") from None
    except OSError as error:
        raise BadInput(
            f"{path}: cannot be read as recorded samples ({error.strerror or error})."
        ) from None


def _open(path: Path) -> BufferedReader:
    with path.open("rb") as stream:
        zipped = stream.read(2) == _GZIP
    # A buffer around the gzip file finds its lines twice as fast as the file itself.
    return BufferedReader(gzip.open(path, "rb"), _BUFFER) if zipped else path.open("rb")


def replay_problems(source: str | Path, *, asked: str = "", task: str = "math") -> list[Problem]:
    """The problems of `FILE` or `FILE#MODEL`, in the order of their first row.

    Where the source names no model and `asked`, the model that will answer, is a recording in the
    same file, the problems are those of that model's rows: texts and references may differ between
    models. Otherwise they have to agree; `BadInput` where they do not.
    """
    path, model = split_source(str(source))
    if model is None and asked.startswith("replay:"):
        recording, named = split_source(asked)
        model = named if recording == path else None
    rows = sample_rows(path, model)
    if len(models(rows)) > 1:
        _agree(path, rows)
    by_problem: dict[str, list[SampleRow]] = defaultdict(list)
    for row in rows:
        by_problem[row.problem_id].append(row)
    return [_problem(group, task) for group in by_problem.values()]


def _problem(rows: Sequence[SampleRow], task: str) -> Problem:
    level = _LEVEL.fullmatch(_first(row.level for row in rows) or "")
    return Problem(
        id=rows[0].problem_id,
        prompt=_first(row.problem for row in rows) or "",
        answer=_first(row.reference for row in rows),
        task=task,
        difficulty_bin=int(level[1]) if level else None,
        metadata={"dataset": rows[0].dataset},
    )


def _first(texts: Iterable[str | None]) -> str | None:
    return next((text for text in texts if text), None)


def _agree(path: Path, rows: Sequence[SampleRow]) -> None:
    """Raise where models were asked other texts, or graded by other references, for one id."""
    told: dict[str, set[tuple[str, str]]] = defaultdict(set)
    for row in rows:
        told[row.problem_id] |= {("text", row.problem or ""), ("reference", row.reference or "")}
    several = [
        problem_id
        for problem_id, facts in told.items()
        if len({kind for kind, value in facts if value}) < len([v for _, v in facts if v])
    ]
    if several:
        names = models(rows)
        raise BadInput(
            f"{path}: {len(several)} problems, {several[0]!r} first, have other texts or references"
            f" in the rows of other models: name one, as in 'replay:{path}#{names[0]}'. They are:"
            f" {', '.join(names)}."
        )
