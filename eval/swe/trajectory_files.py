"""Recorded runs of agents, read as what they did: commands, and edits with their paths.

Read are the forms of SWE-agent (`trajectory`: steps with an `action`), of OpenHands (`action` and `args`),
of mini-swe-agent and other chat logs (`messages`: fenced or tagged commands, and calls of tools), one
JSON document a file or JSON Lines.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from msgspec import Struct

from tts.errors import BadInput

_FENCE = re.compile(
    r"```(?:bash|sh|shell|console|mswea_bash_command|python|py)?[ \t]*\n(.*?)```"
    r"|<(?:bash|execute_bash|execute_ipython|command)>(.*?)</(?:bash|execute_bash|execute_ipython|command)>"
    r"|<parameter=(?:command|code)>(.*?)</parameter>",
    re.DOTALL,
)
_EDITOR_LINE = re.compile(
    r"\s*(?:str_replace_editor|edit_anthropic)\s+(\w+)\s+(\S+)(.*)", re.DOTALL
)
_LINES = re.compile(r"\s*edit\s+\d+:\d+", re.DOTALL)
_OPENED = re.compile(r"\s*(?:open|create)\s+['\"]?([^\s'\"]+)")
EDITORS = ("str_replace", "insert", "edit", "write", "create", "str_replace_editor", "undo_edit")
COMMANDS = ("command", "cmd", "code", "script", "input", "keystrokes")
PATHS = ("path", "file_path", "filename", "file", "filepath", "target_file")
TEXTS = (
    "new_str",
    "new_string",
    "file_text",
    "content",
    "contents",
    "text",
    "code_edit",
    "insert_text",
)
CALLS = ("args", "arguments", "tool_input", "action_input", "parameters", "input")


class Trajectory(Struct, frozen=True, kw_only=True):
    """One run of an agent: what it did, in order."""

    id: str
    actions: tuple[str, ...]
    """Commands as they stand; edits as `edit PATH` or `create PATH`, the new text behind it."""
    words: str = ""
    """What it was asked: the messages before its first step."""
    patch: str = ""
    """What it handed in, where the record says so."""


def read_trajectories(paths: Iterable[Path]) -> list[Trajectory]:
    """The trajectories of files and folders; raises `BadInput` for what is none."""
    found: list[Trajectory] = []
    for path in paths:
        files = sorted(_files(path)) if path.is_dir() else [path]
        found += [one for file in files for one in _of_file(file)]
    if not found:
        raise BadInput("No trajectory in what was given: .traj, .json or .jsonl files are read.")
    return found


def _files(folder: Path) -> set[Path]:
    kinds = ("*.traj", "*.json", "*.jsonl")
    return {one for kind in kinds for one in folder.rglob(kind) if one.is_file()}


def _of_file(path: Path) -> Iterator[Trajectory]:
    try:
        text = path.read_text(errors="replace")
        lines = text.splitlines() if path.suffix == ".jsonl" else [text]
        rows = [json.loads(line) for line in lines if line.strip()]
    except OSError as error:
        raise BadInput(f"{path}: cannot be read ({error.strerror or error}).") from error
    except (ValueError, RecursionError) as error:
        raise BadInput(f"{path}: not JSON: {error}.") from error
    for number, row in enumerate(rows, 1):
        steps = _steps(row)
        if steps is None:
            raise BadInput(f"{path}, {number}: no trajectory: no 'trajectory' and no 'messages'.")
        names = ("instance_id", "id", "name")
        named = (row.get(name) for name in names) if isinstance(row, Mapping) else ()
        yield Trajectory(
            id=str(next(filter(None, named), f"{path.stem}#{number}")),
            actions=tuple(_with_open_file(_actions(steps))),
            words=_asked(row, steps),
            patch=_handed_in(row),
        )


def _steps(row: Any) -> list[Any] | None:
    if isinstance(row, list):
        return row
    if isinstance(row, Mapping):
        for name in ("trajectory", "messages", "history", "steps", "actions", "events"):
            if isinstance(row.get(name), list):
                return list(row[name])
    return None


def _asked(row: Any, steps: list[Any]) -> str:
    told = []
    if isinstance(row, Mapping):
        told = [str(row.get(name, "")) for name in ("problem_statement", "task", "issue", "prompt")]
    for step in steps:
        if not isinstance(step, Mapping) or step.get("role") not in ("user", "system"):
            break
        told.append(str(step.get("content", "")))
    return "\n".join(told)


def _handed_in(row: Any) -> str:
    if not isinstance(row, Mapping):
        return ""
    info = row.get("info") if isinstance(row.get("info"), Mapping) else {}
    found = [
        place.get(name)
        for place in (row, info or {})
        for name in ("model_patch", "submission", "patch", "git_patch", "test_result")
    ]
    return next((one for one in found if isinstance(one, str) and one.strip()), "")


def _actions(steps: Iterable[Any]) -> Iterator[str]:
    """What each step did, as texts."""
    for step in steps:
        if isinstance(step, str):
            yield step
        elif isinstance(step, Mapping):
            yield from _of_step(step)


def _of_step(step: Mapping[str, Any]) -> Iterator[str]:
    if step.get("role") not in ("assistant", "agent", "ai", None):
        return
    if step.get("source") in ("user", "environment") or (
        "observation" in step and "action" not in step
    ):
        return
    action = step.get("action", step.get("tool", step.get("tool_name", step.get("name"))))
    told = next((step[name] for name in CALLS if isinstance(step.get(name), Mapping)), None)
    if isinstance(action, Mapping):
        yield _arguments(action, str(action.get("name", action.get("tool", ""))))
    elif told is not None:
        yield _arguments(told, str(action or ""))
    elif isinstance(action, str) and "role" not in step and "action" in step:
        yield _editor_line(action)
    elif any(isinstance(step.get(name), str) for name in COMMANDS):
        yield _arguments(step, str(action or ""))
    for call in step.get("tool_calls") or ():
        yield _call(call)
    yield from _of_content(step.get("content", step.get("response")))


def _of_content(content: Any) -> Iterator[str]:
    for part in content if isinstance(content, list) else [content]:
        if isinstance(part, Mapping) and part.get("type") == "tool_use":
            yield _arguments(part.get("input"), str(part.get("name", "")))
            continue
        text = part.get("text") if isinstance(part, Mapping) else part
        if isinstance(text, str):
            yield from ("".join(found) for found in _FENCE.findall(text))


def _call(call: Any) -> str:
    function = call.get("function", call) if isinstance(call, Mapping) else {}
    told = function.get("arguments", function.get("args", function.get("input", "")))
    try:
        arguments = json.loads(told) if isinstance(told, str) else told
    except ValueError:
        return str(told)
    return _arguments(arguments, str(function.get("name", "")))


def _arguments(told: Any, name: str) -> str:
    """A command as it stands; an edit as `edit PATH` with its text behind it."""
    if not isinstance(told, Mapping):
        return _editor_line(str(told or ""))
    command = next((told[key] for key in COMMANDS if key in told), "")
    command = " ".join(map(str, command)) if isinstance(command, list) else str(command)
    path = next((told[key] for key in PATHS if isinstance(told.get(key), str)), None)
    what = command if command in EDITORS else name
    if path is None or command == "view" or re.search(r"view|read|open|cat|list", name):
        return "" if command in ("view", *EDITORS) else _editor_line(command)
    text = "\n".join(str(told[key]) for key in TEXTS if key in told)
    return f"{'create' if 'create' in what else 'edit'} {path}\n{text}"


def _editor_line(action: str) -> str:
    """SWE-agent's editor as a command line: `str_replace_editor str_replace PATH --new_str …`."""
    line = _EDITOR_LINE.match(action)
    if line is None:
        return action
    if line[1] == "view":
        return ""
    _, _, new = line[3].partition("--new_str") if "--new_str" in line[3] else ("", "", line[3])
    return f"{'create' if line[1] == 'create' else 'edit'} {line[2]}\n{new}"


def _with_open_file(actions: Iterable[str]) -> Iterator[str]:
    """SWE-agent's older editor names lines alone: `edit 3:5` is of the file that was opened last."""
    opened = ""
    for action in actions:
        if _LINES.match(action) and opened:
            yield f"edit {opened}\n{action.partition(chr(10))[2]}"
            continue
        if named := _OPENED.match(action):
            opened = named[1]
        yield action
