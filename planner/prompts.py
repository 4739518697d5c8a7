"""What the planner and the joiner are told."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tts.planner.language import Fault, Form, Plan, write_plan
from tts.tools import DEEP, Schema, Tool, name_of, target
from tts.values import Message

_TEXT = """\
Write one call per line, numbered from {first}:
{first}. tool(name=value, other="text")
A result is used by its number: $1 is the whole result of call 1, $1.items[0].price a part of it. \
Inside a string write ${{1}} to insert it.
{next}. each $1.items: tool(name=$item.id)   makes one call per element of a list
{after}. if $1.found == true: tool(name=$1)   makes the call only then
A line may end with: after $2 | on failure skip | on failure use VALUE | on failure replan
End with `answer = $N` if the result of a call is the answer, else with join()."""
_JSON = """\
Write one JSON object: {{"calls": [{{"id": {first}, "tool": "…", "arguments": {{…}}}}], \
"answer": {{"$ref": "N"}}}}
{{"$ref": "1.items[0].price"}} stands for a result of an earlier call or a part of it, \
{{"$text": ["at ", {{"$ref": "1"}}]}} inserts it into a string. A call may have "each" (a \
reference to a list; "item" is the element), "when", "after", "on_failure". \
Write "join": true instead of "answer" where no call's result is the answer."""
_RULES = """\
Plan the task as calls of these tools, as parallel as it can be: a call waits only for the results \
that it uses. Use only these tools and only earlier results.

{tools}

{form}"""
_JOIN = """\
Task: {task}

Results of the calls that were made for it:
{results}

Reply with one JSON object: {{"decision": "answer", "answer": "…"}}, or, if these results cannot \
answer the task, {{"decision": "replan", "reason": "what is missing"}}."""

_MOST_NAMED = 100
"""Nested models that one line shows; the others are named."""


@dataclass(frozen=True)
class Prompts:
    """The four prompts; replace any of them. Each returns the whole conversation."""

    plan: Callable[[str, Mapping[str, Tool], Form], tuple[Message, ...]]
    repair: Callable[[tuple[Message, ...], str, Sequence[Fault], Form, int], tuple[Message, ...]]
    replan: Callable[[tuple[Message, ...], Plan, Mapping[int, str], str, Form], tuple[Message, ...]]
    join: Callable[[str, Sequence[str]], tuple[Message, ...]]


def plan_prompt(task: str, tools: Mapping[str, Tool], form: Form) -> tuple[Message, ...]:
    """The first turn."""
    listed = "\n".join(tool_line(tool) for tool in tools.values())
    system = _RULES.format(tools=listed, form=_form(form, 1))
    return (Message("system", system), Message("user", f"Task: {task}"))


def repair_prompt(
    asked: tuple[Message, ...], written: str, faults: Sequence[Fault], form: Form, first: int
) -> tuple[Message, ...]:
    """Sends the faults back and asks for a patch."""
    listed = "\n".join(f"- {fault}" for fault in faults)
    text = (
        f"This plan cannot run:\n{listed}\nWrite only the calls that change, each under its old "
        f"number; new calls start at {first}. {_drop(form)}"
    )
    return (*asked, Message("assistant", written), Message("user", text))


def replan_prompt(
    asked: tuple[Message, ...], plan: Plan, results: Mapping[int, str], reason: str, form: Form
) -> tuple[Message, ...]:
    """Asks for a patch of a plan that is under way."""
    known = "\n".join(f"${number} = {text}" for number, text in results.items()) or "none yet"
    first = max((call.id for call in plan.calls), default=0) + 1
    text = (
        f"{reason}\nKnown results:\n{known}\nAll other calls go on. Write only what changes: a "
        f"call under its old number replaces it, new calls start at {first}. {_drop(form)}"
    )
    return (*asked, Message("assistant", write_plan(plan, form)), Message("user", text))


def join_prompt(task: str, results: Sequence[str]) -> tuple[Message, ...]:
    """Asks whether the results answer the task."""
    text = _JOIN.format(task=task, results="\n".join(results))
    return (Message("user", text),)


def tool_line(tool: Tool) -> str:
    """A tool as one line: name, arguments with types, result and description."""
    arguments = ", ".join(
        f"{name}{'' if name in tool.required else '?'}: {type_text(schema, tool.parameters)}"
        for name, schema in tool.arguments.items()
    )
    effect = "" if tool.effect in ("pure", "read") else f" [{tool.effect}]"
    text = f"- {tool.name}({arguments}) -> {type_text(tool.returns)}{effect}"
    return f"{text}: {tool.description}" if tool.description else text


def type_text(schema: Schema, root: Schema | None = None) -> str:
    """A schema in as few words as show its fields; recursive parts are called by their names.

    `root` is the document that its references point into; None: itself.
    """
    return _Wording(schema if root is None else root).text(schema)


class _Wording:
    """One type under way: which references are open, and which were met again inside."""

    def __init__(self, root: Schema) -> None:
        self.root, self.left = root, _MOST_NAMED
        self.open: list[str] = []
        self.again: set[str] = set()

    def text(self, schema: Any, deep: int = 0) -> str:
        if not isinstance(schema, Mapping) or not schema or deep > DEEP:
            return "any"
        if "$ref" in schema:
            return self._named(str(schema["$ref"]), deep)
        values = [schema["const"]] if "const" in schema else schema.get("enum")
        if values is not None:
            return "|".join(json.dumps(value) for value in values)
        parts = schema.get("anyOf") or schema.get("oneOf") or schema.get("allOf")
        if parts:
            joint = "|" if "allOf" not in schema else "&"
            return joint.join(dict.fromkeys(self.text(part, deep + 1) for part in parts))
        kinds = schema.get("type", "object" if "properties" in schema else "any")
        several = kinds if isinstance(kinds, list) else [kinds]
        return "|".join(self._plain(str(kind), schema, deep) for kind in several)

    def _plain(self, kind: str, schema: Schema, deep: int) -> str:
        if kind == "array":
            fixed = [self.text(part, deep + 1) for part in schema.get("prefixItems", ())]
            return f"[{', '.join(fixed) or self.text(schema.get('items'), deep + 1)}]"
        fields, extra = schema.get("properties"), schema.get("additionalProperties")
        if kind != "object" or not (isinstance(fields, Mapping) or _rich(extra)):
            return kind
        shown = [f"{name}: {self.text(part, deep + 1)}" for name, part in (fields or {}).items()]
        if _rich(extra):
            shown.append(f"[any name]: {self.text(extra, deep + 1)}")
        return f"{{{', '.join(shown)}}}"

    def _named(self, reference: str, deep: int) -> str:
        name = name_of(reference)
        if reference in self.open:
            self.again.add(reference)
            return name
        if self.left <= 0:
            return name
        self.left -= 1
        self.open.append(reference)
        text = self.text(target(reference, self.root), deep + 1)
        self.open.pop()
        return name + text if reference in self.again else text


def _rich(extra: object) -> bool:
    """Whether values under free names have a type that is worth telling."""
    return isinstance(extra, Mapping) and bool({"$ref", "properties", "anyOf"} & extra.keys())


def _form(form: Form, first: int) -> str:
    template = _JSON if form == "json" else _TEXT
    return template.format(first=first, next=first + 1, after=first + 2)


def _drop(form: Form) -> str:
    return '"drop": [N] takes calls out.' if form == "json" else "`drop N` takes a call out."


DEFAULT_PROMPTS = Prompts(plan_prompt, repair_prompt, replan_prompt, join_prompt)


def _task_only(task: str, tools: Mapping[str, Tool], form: Form) -> tuple[Message, ...]:
    return (Message("user", task),)


TASK_ONLY_PROMPTS = Prompts(_task_only, repair_prompt, replan_prompt, join_prompt)
"""For planners that were trained on their tools, `embedded:planner` among them."""
