"""The samples of a log of inspect_ai as a problem set: `inspect:FILE`, a `.eval` or a `.json`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from tts.eval.problems.lines import BadRow
from tts.eval.problems.problem_set import ProblemSet
from tts.eval.problems.record import collect

INSPECT = "inspect"


def inspect_set(path: Path, *, task: str = "math", skip_bad: bool = False) -> ProblemSet:
    """Each sample once, whatever its epochs: what was asked last, and the first of its targets.

    What the log's model answered is read by `tts replay FILE`. Raises `BadInput` for a log that
    cannot be read.
    """
    from tts.eval.replay.importers.inspect_logs import inspect_rows  # it stands above this

    return collect(
        _samples(inspect_rows(path).rows),
        source=f"{INSPECT}:{path}",
        stem=path.stem,
        task=task,
        skip_bad=skip_bad,
    )


def _samples(records: Iterable[Mapping[str, Any]]) -> Iterator[tuple[int, dict[str, Any] | BadRow]]:
    seen: set[str] = set()
    for record in records:
        if (name := str(record["problem_id"])) in seen:
            continue
        seen.add(name)
        asked, answer = record.get("problem"), record.get("reference")
        if not asked:
            yield len(seen), BadRow(f"sample {name!r} has no question")
        else:
            yield len(seen), {"id": name, "problem": asked, "answer": answer}
