"""The forms in which a plan is written, and whole plans read and written in them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Literal

from tts.planner.language.json_calls import plan_to_json
from tts.planner.language.plan import Patch, Plan
from tts.planner.language.read_json import JSONReader
from tts.planner.language.read_text import TextReader
from tts.planner.language.sealed import Draft, Reader, draft_of
from tts.planner.language.write_text import write_text

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
