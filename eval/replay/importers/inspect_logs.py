"""Logs of inspect_ai, `.eval` (a zip) or `.json`, as rows."""

from __future__ import annotations

import json
import zipfile
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from tts.errors import BadInput
from tts.eval.replay.importers.pooled import Pooled, Record, plural

GRADES: Mapping[Any, bool] = {"C": True, "I": False, "N": False}
"""What inspect's scorers say: correct, incorrect, no answer; `P`, partly, is no verdict."""


def inspect_rows(path: Path) -> Pooled:
    """One row per choice of each sample and epoch, graded by the log's first scorer.

    Raises `BadInput` for a log that cannot be read or has no samples.
    """
    head, samples = _zipped(path) if zipfile.is_zipfile(path) else _plain(path)
    told: Mapping[str, Any] = head.get("eval") or {}
    rows, places, counts = list[Record](), list[str](), Counter[str]()
    for number, sample in enumerate(samples, start=1):
        try:
            rows += _rows(sample, told, counts)
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise BadInput(f"{path}: sample {number} is not one of inspect's: {error!r}.") from None
        places += [f": sample {number}"] * (len(rows) - len(places))
    if not rows:
        raise BadInput(
            f"{path}: the log (status {head.get('status', 'unknown')!r}) holds no samples."
        )
    return Pooled(rows, tuple(_notes(rows, counts)), places)


def _zipped(path: Path) -> tuple[Mapping[str, Any], Iterator[Mapping[str, Any]]]:
    try:
        archive = zipfile.ZipFile(path)
        names = set(archive.namelist())
        head = next(name for name in ("header.json", "_journal/start.json") if name in names)
        found = json.loads(archive.read(head))
        return found, _members(path, archive)
    except StopIteration:
        raise BadInput(f"{path}: a zip without header.json is no log of inspect_ai.") from None
    except (zipfile.BadZipFile, NotImplementedError, ValueError, OSError) as error:
        raise BadInput(f"{path}: cannot be read as a log of inspect_ai ({error}).") from None


def _members(path: Path, archive: zipfile.ZipFile) -> Iterator[Mapping[str, Any]]:
    names = [name for name in archive.namelist() if name.startswith("samples/")]
    for name in names:
        try:
            yield json.loads(archive.read(name))
        except (zipfile.BadZipFile, NotImplementedError, ValueError, OSError) as error:
            raise BadInput(f"{path}: {name} cannot be read ({error}).") from None


def _plain(path: Path) -> tuple[Mapping[str, Any], Iterator[Mapping[str, Any]]]:
    try:
        found = json.loads(path.read_bytes())
    except (ValueError, OSError) as error:
        raise BadInput(f"{path}: cannot be read as a log of inspect_ai ({error}).") from None
    return found, iter(found.get("samples") or [])


def _rows(
    sample: Mapping[str, Any], told: Mapping[str, Any], counts: Counter[str]
) -> Iterator[Record]:
    output = sample.get("output") or {}
    scores = sample.get("scores") or {}
    score = next(iter(scores.values()), None)
    counts["scorers"] = max(counts["scorers"], len(scores))
    choices = output.get("choices") or []
    usage = output.get("usage") or _summed(sample.get("model_usage") or {})
    target = sample.get("target")
    common: Record = {
        "dataset": str((told.get("dataset") or {}).get("name") or told.get("task") or ""),
        "problem_id": str(sample["id"]),
        "problem": _asked(sample),
        "reference": target[0] if isinstance(target, list) and target else target or None,
        "model": output.get("model") or told.get("model") or "unnamed",
        "replicate": int(sample.get("epoch") or 1) - 1,
        "error": bool(sample.get("error")) or None,
        "seconds": sample.get("working_time") or output.get("time") or sample.get("total_time"),
        **_verdict(score),
    }
    counts["ungraded"] += common["correct"] is None and not common["error"]
    common |= _spent(usage, max(1, len(choices)))
    if len(choices) > 1:
        counts["shared"] += 1
        common["correct"] = None
    for choice in choices or [{}]:
        text = _text((choice.get("message") or {}).get("content"), sample)
        ended = choice.get("stop_reason")
        yield {**common, "completion": text, "finish_reason": ended}


def _asked(sample: Mapping[str, Any]) -> str | None:
    asked = sample.get("input")
    if isinstance(asked, list):
        turns = [turn for turn in asked if turn.get("role") == "user"]
        asked = turns[-1].get("content") if turns else None
    return _text(asked, sample)


def _text(content: Any, sample: Mapping[str, Any]) -> str | None:
    """The text of a message; one that is kept apart is looked up, thoughts are left out."""
    if isinstance(content, list):
        parts = [part.get("text") for part in content if part.get("type") == "text"]
        content = "\n".join(filter(None, parts))
    if isinstance(content, str) and content.startswith("attachment://"):
        apart = sample.get("attachments") or {}
        content = apart.get(content.removeprefix("attachment://"), content)
    return None if content is None else str(content)


def _verdict(score: Any) -> Record:
    """What a scorer said: its grade, or a number that is no verdict."""
    value = (score or {}).get("value")
    answer = (score or {}).get("answer")
    grade = GRADES.get(value) if isinstance(value, str) else None
    if isinstance(value, bool) or (isinstance(value, int | float) and value in (0, 1)):
        grade = bool(value)
    number = isinstance(value, float) and grade is None
    found: Record = {"answer": answer, "correct": grade, "score": value if number else None}
    return found


def _spent(usage: Mapping[str, Any], draws: int) -> Record:
    if draws > 1:
        return {"extra": {"group_completion_tokens": usage.get("output_tokens"), "group_n": draws}}
    return {
        "prompt_tokens": usage.get("input_tokens"),
        "completion_tokens": usage.get("output_tokens"),
        "reasoning_tokens": usage.get("reasoning_tokens"),
        "dollars": usage.get("total_cost"),
    }


def _summed(usages: Mapping[str, Mapping[str, Any]]) -> Mapping[str, Any]:
    """Of all models that a sample asked, where the output does not say."""
    found: Counter[str] = Counter()
    for usage in usages.values():
        found.update({name: value for name, value in usage.items() if isinstance(value, int)})
    return found


def _notes(rows: list[Record], counts: Counter[str]) -> Iterator[str]:
    if counts["scorers"] > 1:
        yield f"Samples have {counts['scorers']} scorers; the first one of each grades it."
    if counts["ungraded"]:
        yield f"{plural(counts['ungraded'], 'sample')} of {len(rows):,} have no verdict."
    if counts["shared"]:
        yield (
            f"{plural(counts['shared'], 'sample')} have several choices and one grade: their draws"
            " are graded by their answers."
        )
