"""The forms in which a plan is written: whole plans read and written, and compact text written."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Literal

from tts.planner.language.json_form import plan_to_json
from tts.planner.language.json_reader import JSONReader
from tts.planner.language.plan import Call, Condition, Patch, Plan, Reference, Text, Value
from tts.planner.language.statements import Draft, Reader, draft_of
from tts.planner.language.text_reader import TextReader
from tts.planner.language.text_values import write_string

Form = Literal["text", "json", "llmcompiler"]
"""`llmcompiler`: compact text in which `"$1 + 2"` inserts the result of call 1."""

_READERS: Mapping[Form, Callable[[], Reader]] = {
    "text": TextReader,
    "json": JSONReader,
    "llmcompiler": lambda: TextReader(bare=True),
}


def open_reader(form: Form) -> Reader:
    """A reader for one plan."""
    return _READERS[form]()


def read_plan(text: str, form: Form = "text") -> Draft:
    """A whole plan or patch, with the faults of its writing."""
    reader = open_reader(form)
    return draft_of([*reader.feed(text), *reader.end()])


def write_plan(plan: Plan | Patch, form: Form = "text") -> str:
    """The text that `read_plan` reads back."""
    if form == "json":
        return json.dumps(plan_to_json(plan), ensure_ascii=False)
    return write_text(plan)


def write_text(plan: Plan | Patch) -> str:
    """The text that `TextReader` reads back to the same plan."""
    lines = [write_call(call) for call in plan.calls]
    if isinstance(plan, Patch):
        lines = [f"drop {call}" for call in plan.drops] + lines
    if plan.joined:
        lines.append("join()")
    elif plan.joined is False:
        lines.append(f"answer = {write_value(plan.answer)}")
    return "".join(f"{line}\n" for line in lines)


def write_call(call: Call) -> str:
    """One line."""
    inside = [write_value(value) for value in call.positional]
    inside += [f"{name}={write_value(value)}" for name, value in call.arguments.items()]
    head = f"{call.id}. "
    if call.when is not None:
        head += f"{_condition(call.when)}: "
    if call.each is not None:
        head += f"each {call.each}: "
    return f"{head}{call.tool}({', '.join(inside)}){_modifiers(call)}"


def write_value(value: Value) -> str:
    """One value, on one line."""
    if isinstance(value, Reference):
        return str(value)
    if isinstance(value, str | Text):
        return json.dumps(write_string(value), ensure_ascii=False)
    if isinstance(value, list | tuple):
        return f"[{', '.join(write_value(item) for item in value)}]"
    if isinstance(value, dict):
        fields = (
            f"{json.dumps(name, ensure_ascii=False)}: {write_value(item)}"
            for name, item in value.items()
        )
        return f"{{{', '.join(fields)}}}"
    return json.dumps(value)


def _condition(when: Condition) -> str:
    word = "unless" if when.negated else "if"
    left = write_value(when.left)
    if not when.comparison:
        return f"{word} {left}"
    return f"{word} {left} {when.comparison} {write_value(when.right)}"


def _modifiers(call: Call) -> str:
    text = f" after {', '.join(f'${number}' for number in call.after)}" if call.after else ""
    if call.on_failure == "substitute":
        return f"{text} on failure use {write_value(call.substitute)}"
    return f"{text} on failure {call.on_failure}" if call.on_failure else text
