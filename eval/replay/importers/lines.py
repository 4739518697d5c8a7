"""Lines of other programs as rows: human-eval samples, outputs of OpenAI batches, lm-eval samples,
finished searches of Tree of Thoughts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Literal

from tts.answers import task_for
from tts.errors import BadInput
from tts.eval.replay.importers.pooled import Pooled, Record, plural

Lines = Iterator[tuple[int, Mapping[str, Any]]]
"""Numbered from 1."""
LineKind = Literal["human-eval", "openai-batch", "lm-eval", "tree-of-thoughts", "codet"]


def line_kind(first: Mapping[str, Any]) -> LineKind | None:
    """What wrote a file, by its first line; None: it is in the layout of a pool, or unknown."""
    if "custom_id" in first and "response" in first:
        return "openai-batch"
    if "doc_id" in first and "resps" in first:
        return "lm-eval"
    if is_tree(first):
        return "tree-of-thoughts"
    if "task_id" in first and "completion" in first:
        return "human-eval"
    if "prompt" in first and isinstance(first.get("samples"), list):
        return "codet"
    return None


def is_tree(first: Mapping[str, Any]) -> bool:
    """Whether a line is a finished search, as the program of Yao et al. (2023) logs it."""
    return "steps" in first and "final" in first


class _Seen:
    """What the lines of one file have said so far."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.counts: Counter[str] = Counter()
        self.filters: dict[str, Any] = {}
        """By document, the filter of its first line."""


def line_rows(path: Path, kind: LineKind, lines: Lines) -> Pooled:
    """The rows of a file of one kind; `BadInput` names the first line that is of another."""
    read, seen = _READERS[kind], _Seen(path)
    rows, places = list[Record](), list[str]()
    for number, line in lines:
        try:
            rows += read(line, seen)
        except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
            told = f"lacks {error}" if isinstance(error, KeyError) else str(error)
            raise BadInput(f"{path}:{number}: no line of {kind}: {told}.") from None
        places += [f":{number}"] * (len(rows) - len(places))
    notes = (_NOTES[name].format(plural(n, "line")) for name, n in seen.counts.items())
    return Pooled(rows, tuple(notes), places)


_NOTES = {
    "ungraded": "{} have no verdict: grade them first, or give a file of references.",
    "refused": "{} are requests that failed.",
    "filtered": "{} repeat a draw under another filter; the first one of each counts.",
}


def _human_eval(line: Mapping[str, Any], seen: _Seen) -> Iterator[Record]:
    passed = line.get("passed")
    if passed is None and isinstance(line.get("result"), str):
        passed = line["result"] == "passed"
    if passed is None:
        seen.counts["ungraded"] += 1
    yield {
        "dataset": "HumanEval",
        "problem_id": line["task_id"],
        "problem": line.get("prompt"),
        "model": line.get("model") or seen.path.name.split(".")[0],
        "completion": line["completion"],
        "correct": passed,
    }


def _codet(line: Mapping[str, Any], seen: _Seen) -> Iterator[Record]:
    """A prompt with its samples, as CodeT publishes solutions (Chen et al. 2022); none is graded."""
    for text in line["samples"]:
        seen.counts["ungraded"] += 1
        yield {
            "problem": line["prompt"],
            "model": line.get("model") or seen.path.name.split(".")[0],
            "completion": text,
            "task": "code",
        }


def _batch(line: Mapping[str, Any], seen: _Seen) -> Iterator[Record]:
    """Chat completions, completions or responses; a request that failed is a failed call."""
    response = line["response"] or {}
    body = response.get("body") or {}
    common: Record = {"problem_id": line["custom_id"], "model": body.get("model") or seen.path.stem}
    if line.get("error") or response.get("status_code", 200) >= 400 or not body:
        seen.counts["refused"] += 1
        yield {**common, "error": True}
        return
    choices = _choices(body)
    for text, ended in choices:
        yield {
            **common,
            "completion": text,
            "finish_reason": ended,
            **_usage(body.get("usage") or {}, len(choices)),
        }


def _choices(body: Mapping[str, Any]) -> list[tuple[str, str | None]]:
    if "output" in body:
        parts = [part for item in body["output"] for part in item.get("content") or []]
        told = "".join(part["text"] for part in parts if part.get("type") == "output_text")
        cut = (body.get("incomplete_details") or {}).get("reason")
        return [(told, cut or "stop")]
    return [
        (
            choice["text"] if "text" in choice else choice["message"].get("content") or "",
            choice.get("finish_reason"),
        )
        for choice in body["choices"]
    ]


def _usage(usage: Mapping[str, Any], draws: int) -> Record:
    prompt = usage.get("prompt_tokens", usage.get("input_tokens"))
    drawn = usage.get("completion_tokens", usage.get("output_tokens"))
    if draws > 1:
        return {
            "prompt_tokens": prompt,
            "extra": {"group_completion_tokens": drawn, "group_n": draws},
        }
    details = usage.get("completion_tokens_details") or usage.get("output_tokens_details") or {}
    return {
        "prompt_tokens": prompt,
        "completion_tokens": drawn,
        "reasoning_tokens": details.get("reasoning_tokens"),
    }


def _lm_eval(line: Mapping[str, Any], seen: _Seen) -> Iterator[Record]:
    """A document's responses; one alone has the verdict of its metric, several are graded anew."""
    texts = line["resps"][0] if line["resps"] and isinstance(line["resps"][0], list) else []
    if not texts or not all(isinstance(text, str) for text in texts):
        raise ValueError("`resps` holds no texts but log-likelihoods, of which nothing is drawn")
    name, told = str(line["doc_id"]), line.get("filter")
    if seen.filters.setdefault(name, told) != told:
        seen.counts["filtered"] += 1
        return
    target = line.get("target")
    alone = len(texts) == 1
    for text in texts:
        yield {
            "dataset": _task_name(seen.path),
            "problem_id": name,
            "problem": _question(line),
            "reference": task_for("gsm8k").extract(str(target)) or str(target),
            "model": seen.path.resolve().parent.name or "unnamed",
            "completion": text,
            "answer": _filtered(line) if alone else None,
            "correct": _metric(line) if alone else None,
        }


def _tree(line: Mapping[str, Any], seen: _Seen) -> Iterator[Record]:
    """What a search ended with, as draws with the value that the model gave each of them.

    What the whole tree took is shared evenly among them, so that all of them cost what it cost.
    """
    last = line["steps"][-1]
    values = dict(reversed(list(zip(last["new_ys"], last["values"], strict=True))))
    texts = line["final"]
    verdicts = line.get("correct") or [None] * len(texts)
    whole = {"prompt_tokens": line.get("prompt_tokens")}
    whole["completion_tokens"] = line.get("completion_tokens")
    shares = {name: round(n / len(texts)) for name, n in whole.items() if n is not None and texts}
    dollars = line.get("cost_usd")
    for text, correct in zip(texts, verdicts, strict=True):
        yield {
            "problem_id": line["problem_id"],
            "problem": line.get("problem"),
            "model": line.get("model") or seen.path.name.split(".")[0],
            "completion": text,
            "correct": correct,
            "score": values.get(text),
            "dollars": None if dollars is None else dollars / len(texts),
            **shares,
        }


def _question(line: Mapping[str, Any]) -> str | None:
    doc = line.get("doc") or {}
    names = ("question", "problem", "query", "input", "prompt")
    return next((doc[name] for name in names if isinstance(doc.get(name), str)), None)


def _filtered(line: Mapping[str, Any]) -> str | None:
    found: Any = line.get("filtered_resps")
    while isinstance(found, list):
        found = found[0] if found else None
    return None if found in (None, "[invalid]") else str(found)


def _metric(line: Mapping[str, Any]) -> bool | None:
    names = line.get("metrics") or ["exact_match", "acc", "pass@1"]
    values = [line[name] for name in names if isinstance(line.get(name), int | float)]
    return bool(values[0]) if values and values[0] in (0, 1) else None


def _task_name(path: Path) -> str:
    """`samples_gsm8k_2024-….jsonl` is of gsm8k."""
    return path.name.removeprefix("samples_").rpartition("_")[0] or path.stem


_READERS: Mapping[LineKind, Callable[[Mapping[str, Any], _Seen], Iterator[Record]]] = {
    "human-eval": _human_eval,
    "openai-batch": _batch,
    "lm-eval": _lm_eval,
    "tree-of-thoughts": _tree,
    "codet": _codet,
}
