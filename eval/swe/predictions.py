"""Patches that somebody proposes: `all_preds.jsonl`, and `preds.json` as a list or by id."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

from msgspec import Struct

from tts.errors import BadInput
from tts.eval.problems.lines import BadRow
from tts.eval.problems.rows import json_rows
from tts.eval.swe.instance import Instance

GOLD = "gold"
"""Stands for the reference patches, as in SWE-bench."""
OURS = "tts"
"""The one key of our own in a prediction: what it cost, how it was chosen."""

LONGEST_ROW = 128 * 1024 * 1024
"""Bytes. A patch that is far too long is an error of its instance, and the others are graded."""


class Prediction(Struct, frozen=True, kw_only=True):
    """One patch for one instance."""

    instance_id: str
    model: str
    patch: str | None
    told: dict[str, Any] = {}
    """What stands under our own key."""

    @property
    def digest(self) -> str:
        """SHA-256 of the patch: equal patches are graded once."""
        return sha256((self.patch or "").encode("utf-8", "surrogatepass")).hexdigest()

    @property
    def cost(self) -> dict[str, Any]:
        """What it cost, where that is told."""
        found: dict[str, Any] = self.told.get("cost") or {}
        return found


def read_predictions(source: str | Path, instances: Iterable[Instance] = ()) -> list[Prediction]:
    """The predictions of a file, in order; `gold` gives the references of the instances.

    Several rows of one id are several samples. Raises `BadInput` as `file:line: reason`.
    """
    if str(source) == GOLD:
        return [
            Prediction(instance_id=one.instance_id, model=GOLD, patch=one.patch)
            for one in instances
        ]
    path = Path(source)
    rows = _of_lines(path) if path.suffix in (".jsonl", ".gz", ".ndjson") else _of_json(path)
    found = [_prediction(row, place) for place, row in rows]
    if not found:
        raise BadInput(f"{path}: no prediction in it.")
    return found


def write_predictions(path: Path, predictions: Iterable[Prediction]) -> None:
    """`all_preds.jsonl`: one line feed behind each row, since SWE-bench reads no empty line."""
    lines = (json.dumps(prediction_row(one)) + "\n" for one in predictions)
    path.write_text("".join(lines))


def prediction_row(one: Prediction) -> dict[str, Any]:
    row: dict[str, Any] = {
        "instance_id": one.instance_id,
        "model_name_or_path": one.model,
        "model_patch": one.patch or "",
    }
    return {**row, **({OURS: one.told} if one.told else {})}


def _of_lines(path: Path) -> Iterator[tuple[str, Any]]:
    for line, row in json_rows(path, max_line_bytes=LONGEST_ROW):
        yield f"{path}:{line}", row


def _of_json(path: Path) -> Iterator[tuple[str, Any]]:
    try:
        held = json.loads(path.read_bytes().decode("utf-8-sig"))
    except OSError as error:
        raise BadInput(f"{path}: cannot be read ({error.strerror or error}).") from error
    except (ValueError, RecursionError) as error:
        raise BadInput(f"{path}: not JSON: {error}.") from error
    if isinstance(held, dict):
        for id, row in held.items():
            whole = {"instance_id": id, **row} if isinstance(row, dict) else row
            yield f"{path}, {id!r}", whole
    elif isinstance(held, list):
        for number, row in enumerate(held, 1):
            yield f"{path}, row {number}", row
    else:
        raise BadInput(f"{path}: a list or an object by id is needed, not {type(held).__name__}.")


def _prediction(row: Any, place: str) -> Prediction:
    if isinstance(row, BadRow):
        raise BadInput(f"{place}: {row}.")
    if not isinstance(row, Mapping) or not isinstance(row.get("instance_id"), str):
        raise BadInput(f"{place}: no 'instance_id': a prediction has it and 'model_patch'.")
    patch = row.get("model_patch")
    if patch is not None and not isinstance(patch, str):
        raise BadInput(f"{place}: 'model_patch' is a text, not {type(patch).__name__}.")
    told = row.get(OURS)
    return Prediction(
        instance_id=row["instance_id"],
        model=str(row.get("model_name_or_path") or "unknown"),
        patch=patch,
        told=dict(told) if isinstance(told, Mapping) else {},
    )
