"""Tasks of lm-evaluation-harness (0.4) as problem sets: `lm-eval:FILE`, the YAML of one task.

Rows come from a local file (`dataset_path: json` or `csv` with `data_files`) or from a hosted set. A
question is `doc_to_text`, its answer `doc_to_target`; of `multiple_choice` the options are lettered
below the question, unless it lists them itself, and the answer is a letter. What runs code of the task,
or cannot be asked of a chat model, is refused. How answers are compared is ours: filters, metrics and
`until` are not taken over.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

import yaml
from jinja2 import StrictUndefined, TemplateError
from jinja2.sandbox import SandboxedEnvironment
from msgspec import Struct

from tts.errors import BadInput
from tts.eval.problems.hosted import HubSource, fetch_rows
from tts.eval.problems.lines import BadRow
from tts.eval.problems.problem_set import ProblemSet
from tts.eval.problems.record import collect
from tts.eval.problems.rows import array_rows, csv_rows, json_rows

LM_EVAL = "lm-eval"
Rows = Iterator[tuple[int, dict[str, Any] | BadRow]]
KINDS = ("generate_until", "multiple_choice")
CODE = ("process_docs", "process_results", "custom_dataset")
"""Keys whose value is a function of the task's author."""
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
READERS = {"json": array_rows, "csv": csv_rows}


class _Code(Struct, frozen=True):
    """`!function module.name`, which is never run."""

    name: str


class _Loader(yaml.SafeLoader):
    """YAML in which a function is a value of its own."""


_Loader.add_constructor("!function", lambda loader, node: _Code(str(node.value)))


def lm_eval_set(path: Path, *, task: str = "math", skip_bad: bool = False) -> ProblemSet:
    """The problems of a task file; `BadInput` says in a line what it asks for that is not done here.

    `task` is that of questions with a free answer; multiple choice has its own.
    """
    asked = _keys(path)
    refuse(path, asked)
    chooses = asked.get("output_type") == "multiple_choice"
    rows = _documents(path, asked)
    return collect(
        ((line, row if isinstance(row, BadRow) else _problem(row, asked)) for line, row in rows),
        source=f"{LM_EVAL}:{path}",
        stem=str(asked.get("task", path.stem)),
        task="choice" if chooses else task,
        skip_bad=skip_bad,
    )


def _keys(path: Path, seen: tuple[Path, ...] = ()) -> dict[str, Any]:
    """The keys of a file on top of those that it includes."""
    if path in seen:
        raise BadInput(f"{path}: includes itself.")
    try:
        content = yaml.load(path.read_text(encoding="utf-8"), _Loader)
    except OSError as error:
        raise BadInput(f"{path}: cannot be read ({error.strerror}).") from error
    except (yaml.YAMLError, ValueError) as error:
        raise BadInput(f"{path}: is not YAML: {' '.join(str(error).split())}") from error
    if not isinstance(content, dict) or isinstance(content.get("task"), list):
        raise BadInput(f"{path}: the keys of one task are needed; a group names several files.")
    base = content.pop("include", None)
    return {**(_keys(path.parent / str(base), (*seen, path)) if base else {}), **content}


def refuse(path: Path, asked: Mapping[str, Any]) -> None:
    """Raises `BadInput` for the first thing that a task asks for and that is not done here."""
    kind = asked.get("output_type", KINDS[0])
    if kind not in KINDS:
        raise BadInput(
            f"{path}: output_type {kind!r} needs likelihoods; {' and '.join(KINDS)} are read."
        )
    for key in (*CODE, "doc_to_text", "doc_to_target", "doc_to_choice"):
        value = asked.get(key)
        if isinstance(value, _Code) or (key in CODE and value is not None):
            named = value.name if isinstance(value, _Code) else value
            raise BadInput(
                f"{path}: {key} is the function {named}, which is not run: write a template."
            )
    if asked.get("num_fewshot"):
        raise BadInput(
            f"{path}: num_fewshot is {asked['num_fewshot']}, and no examples are put before a question "
            "here: set it to 0."
        )
    needed = ["dataset_path", "doc_to_text", "doc_to_target"]
    needed += ["doc_to_choice"] if kind == "multiple_choice" else []
    if missing := [key for key in needed if asked.get(key) is None]:
        raise BadInput(f"{path}: {', '.join(missing)} is missing.")


def _documents(path: Path, asked: Mapping[str, Any]) -> Rows:
    """The rows of the split that is tested, with their lines."""
    split = asked.get("test_split") or asked.get("validation_split") or "test"
    source = str(asked["dataset_path"])
    if source in READERS:
        files = (asked.get("dataset_kwargs") or {}).get("data_files")
        names = files.get(split) if isinstance(files, dict) else files
        if not names:
            raise BadInput(f"{path}: dataset_kwargs has no data_files of the split {split!r}.")
        return chain.from_iterable(
            _local(path.parent / str(name), source)
            for name in ([names] if isinstance(names, str) else names)
        )
    hosted = HubSource(repository=source, config=asked.get("dataset_name"), split=str(split))
    return ((line, dict(row)) for line, row in enumerate(fetch_rows(hosted, None), start=1))


def _local(path: Path, kind: str) -> Rows:
    lines = path.name.removesuffix(".gz").endswith((".jsonl", ".ndjson"))
    return json_rows(path) if lines else READERS[kind](path)


def _problem(row: Mapping[str, Any], asked: Mapping[str, Any]) -> dict[str, Any] | BadRow:
    """A row as one of ours, or why it is none."""
    try:
        text = _rendered(asked.get("description") or "", row) + _rendered(asked["doc_to_text"], row)
        if asked.get("output_type") == "multiple_choice":
            text, answer = _choice(text, row, asked)
        else:
            target = _value(asked["doc_to_target"], row)
            answer = str(target[0] if isinstance(target, list) and target else target)
    except (TemplateError, LookupError, TypeError, ValueError) as error:
        return BadRow(f"its templates do not fit this row ({' '.join(str(error).split())})")
    named = {"id": row["id"]} if isinstance(row.get("id"), str | int) else {}
    return {**named, "problem": text.strip(), "answer": answer.strip()}


def _choice(text: str, row: Mapping[str, Any], asked: Mapping[str, Any]) -> tuple[str, str]:
    """The question with its options, and the letter of the right one."""
    offered = _value(asked["doc_to_choice"], row)
    offered = list(offered.values()) if isinstance(offered, Mapping) else offered
    if not isinstance(offered, Sequence) or isinstance(offered, str) or len(offered) > len(LETTERS):
        raise ValueError("doc_to_choice gives no list of options")
    options = [str(one).strip() for one in offered]
    target = _value(asked["doc_to_target"], row)
    place = options.index(str(target)) if str(target) in options else int(target)
    if not 0 <= place < len(options):
        raise ValueError(f"of {len(options)} options number {place} is said to be right")
    if all(option == letter for option, letter in zip(options, LETTERS, strict=False)):
        return text, LETTERS[place]
    if not all(option in text for option in options):
        listed = (f"{letter}) {option}" for letter, option in zip(LETTERS, options, strict=False))
        text = text.rstrip() + "\n" + "\n".join(listed)
        return text, LETTERS[place]
    told = re.search(rf"\b([A-Z])[.):]\s*{re.escape(options[place])}", text)
    return (text, told[1]) if told else (text, LETTERS[place])


_TEMPLATES = SandboxedEnvironment(undefined=StrictUndefined, keep_trailing_newline=True)
_TEMPLATES.filters["regex_replace"] = lambda text, pattern, by="": re.sub(pattern, by, text)


def _value(template: Any, row: Mapping[str, Any]) -> Any:
    """A column of the row, a literal, or a template, whose text may spell a list."""
    if not isinstance(template, str):
        return template
    if template in row:
        return row[template]
    text = _rendered(template, row)
    return yaml.safe_load(text) if text.startswith(("[", "{")) else text


def _rendered(template: str, row: Mapping[str, Any]) -> str:
    if template in row:
        return str(row[template])
    return _TEMPLATES.from_string(template).render(**row)
