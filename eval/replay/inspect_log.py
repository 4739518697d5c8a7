"""A recorded job as logs of inspect_ai, one for each strategy under each budget."""

from __future__ import annotations

import asyncio
import json
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from hashlib import blake2b
from pathlib import Path
from typing import Any

from tts.errors import BadInput, UsageError
from tts.eval.attempts import Grade, grade_result
from tts.eval.grading import grading
from tts.eval.recorded import Labels, Recorded, columns_of, labels_of, named, read
from tts.eval.trace.read import reading
from tts.ledger import decode_result
from tts.protocols import RunRow
from tts.values import NANO, Problem, Result, Usage

SCORER = "tts"
ENDS = {"stop": "stop", "length": "max_tokens", "tool_calls": "tool_calls"}
"""Of a draw, in inspect's words; every other end is `unknown` there."""
GRADES = {True: "C", False: "I"}
Fields = dict[str, Any]


async def write_inspect_logs(place: str | Path, job: str, folder: Path) -> list[Path]:
    """Write `STRATEGY-BUDGET.json` for each column of a job into a folder; the files.

    A sample is a run, an epoch a repeat: the chosen text, its verdict graded anew (`C`, `I`; a run
    that failed has its error and no score) and what it was attributed. `job` may be empty where the
    ledger holds one alone. Raises `BadInput`, `UnknownName` or `LedgerError`, and `UsageError` for
    a file that is there already.
    """
    found = read(place, job)
    if not found.kept:
        raise BadInput(f"{place}: the problems are not in this ledger, so nothing can be graded.")
    samples = await _samples(place, found)
    if not samples:
        raise BadInput(f"{place}: no run of job {found.job!r} has ended.")
    files = {folder / f"{_file_name(labels)}.json": labels for labels in samples}
    began = _began(place, found.job)
    logs = {file: _log(found, began, of, samples[of]) for file, of in files.items()}
    await asyncio.to_thread(_write, logs)
    return list(files)


def _began(place: str | Path, job: str) -> str:
    """When a job was first started."""
    with reading(place, job) as reader:
        row = reader.job()
    return datetime.fromtimestamp(row.created_at if row else 0.0, UTC).isoformat()


def _write(logs: Mapping[Path, Fields]) -> None:
    there = [file for file in logs if file.exists()]
    if there:
        raise UsageError(f"{there[0]} exists already; name another folder.")
    for file, log in logs.items():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(log, ensure_ascii=False, allow_nan=False, indent=1))


async def _samples(place: str | Path, found: Recorded) -> dict[Labels, list[Fields]]:
    """Of every run that has ended, by column, in order of the problems."""
    samples: dict[Labels, list[Fields]] = {labels: [] for labels in columns_of(found)}
    runs = defaultdict[str, list[RunRow]](list)
    for run in found.runs:
        runs[run.problem_id].append(run)
    async with grading(place) as equivalence:
        with reading(place, found.job) as reader:
            for problem in found.problems:
                calls = {call.key: call for call in reader.calls(problem.id)}
                for run in sorted(runs[problem.id], key=lambda one: one.replicate):
                    if run.result is None:
                        continue
                    result = decode_result(run.result, problem, calls.get)
                    grade = await grade_result(result, problem, equivalence)
                    sample = _sample(problem, result, grade, run.replicate, _model(found))
                    samples[labels_of(run)].append(sample)
    return {labels: told for labels, told in samples.items() if told}


def _sample(problem: Problem, result: Result, grade: Grade, replicate: int, model: str) -> Fields:
    chosen = result.candidate
    text = chosen.text if chosen else ""
    ended = ENDS.get(chosen.finish_reason or "", "unknown") if chosen else "unknown"
    said = {"role": "assistant", "content": text, "source": "generate"}
    told: Fields = {
        "id": problem.id,
        "epoch": replicate + 1,
        "input": problem.prompt,
        "target": problem.answer or "",
        "messages": [{"role": "user", "content": problem.prompt, "source": "input"}, said],
        "output": {
            "model": model,
            "choices": [{"message": said, "stop_reason": ended}],
            "usage": _usage(result.usage),
        },
        "model_usage": {model: _usage(result.usage)},
        "metadata": {"stopped_by": result.stopped_by, "run": result.run_id},
        "total_time": result.seconds,
    }
    if grade.correct is not None:
        score = {"value": GRADES[grade.correct], "answer": result.answer}
        told["scores"] = {SCORER: score | {"explanation": grade.reason}}
    elif result.error:
        told["error"] = {"message": result.error, "traceback": "", "traceback_ansi": ""}
    return told


def _usage(usage: Usage) -> Fields:
    """What a run was attributed; dollars that nobody knows are left out."""
    told: Fields = {
        "input_tokens": usage.prompt_tokens,
        "output_tokens": usage.completion_tokens,
        "total_tokens": usage.tokens,
        "reasoning_tokens": usage.reasoning_tokens,
    }
    return told if usage.nanodollars is None else told | {"total_cost": usage.nanodollars / NANO}


def _log(found: Recorded, began: str, labels: Labels, samples: list[Fields]) -> Fields:
    """The whole log; its ids follow from the job, so that equal jobs give equal files."""
    strategy, budget = labels
    epochs = max(sample["epoch"] for sample in samples)
    total = len(found.problems) * epochs
    identity = _digest(found.job, strategy, budget)
    return {
        "version": 2,
        "status": "success" if len(samples) == total else "cancelled",
        "eval": {
            "eval_id": identity,
            "run_id": _digest(found.job),
            "created": began,
            "task": f"{found.manifest.title or found.job}: {strategy} · {budget}",
            "task_id": identity,
            "dataset": {
                "name": found.manifest.problems.source,
                "samples": len(found.problems),
                "sample_ids": [problem.id for problem in found.problems],
            },
            "model": _model(found),
            "model_args": {"strategy": strategy, "budget": budget},
            "config": {"epochs": epochs},
        },
        "results": _results(samples, total),
        "stats": {"started_at": began},
        "samples": samples,
    }


def _results(samples: Iterable[Mapping[str, Any]], total: int) -> Fields:
    whole = [sample for sample in samples if "error" not in sample]
    graded = [sample["scores"][SCORER]["value"] for sample in whole if "scores" in sample]
    metrics: Fields = {}
    if graded:
        accuracy = {"name": "accuracy", "value": graded.count("C") / len(graded)}
        metrics["accuracy"] = accuracy
    scores = [{"name": SCORER, "scorer": SCORER, "metrics": metrics}]
    return {"total_samples": total, "completed_samples": len(whole), "scores": scores}


def _model(found: Recorded) -> str:
    return ", ".join(filter(None, named(found.manifest.models))) or "unnamed"


def _file_name(labels: Labels) -> str:
    """Letters, digits and points of the labels, and a digest where that left something out."""
    whole = "-".join(labels)
    plain = re.sub(r"[^A-Za-z0-9.]+", "-", whole).strip("-.")[:80]
    return f"{plain}-{_digest(whole)[:6]}"


def _digest(*parts: str) -> str:
    return blake2b("\x1f".join(parts).encode(), digest_size=11).hexdigest()
