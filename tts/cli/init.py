"""`tts init`: a recipe with every key, its meaning and its default, ready to be changed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined
from rich.text import Text

from tts.cli.screen import Screen
from tts.errors import BadInput, UsageError
from tts.eval.recipe import Recipe

BEGUN: dict[str, Any] = {
    "title": "My first comparison",
    "problems": "arithmetic:60",
    "model": "embedded:small",
    "strategies": ["single", "majority_vote(n=8)", "best_of_n(n=8)"],
    "budgets": ["1k tokens", "4k tokens"],
    "wallet": "1M tokens",
}
"""Keys that the recipe sets; the others stand in it as comments."""
HEAD = (
    "# A comparison: strategies under budgets on one set of problems.",
    "#   tts estimate {file}    what it costs at worst; --pilot 20 tells it from its first problems",
    "#   tts compare {file}     runs it; the same command goes on where it was",
    "# Every key is a flag of tts compare as well. Keys behind a # have their default.",
)


def write_recipe(target: Path) -> None:
    """Raises `UsageError` where something is there already."""
    if target.exists():
        raise UsageError(f"{target} exists already: name another file.")
    try:
        target.write_text(recipe_text(target.name), encoding="utf-8")
    except OSError as error:
        raise BadInput(f"{target} cannot be written: {error.strerror}.") from error
    Screen(soft_wrap=True).print(Text(f"wrote {target}: tts compare {target} runs it"))


def recipe_text(file: str) -> str:
    """The recipe as YAML with comments."""
    fields = Recipe.model_fields
    first = [name for name in BEGUN if name in fields]
    rest = [name for name in fields if name not in BEGUN]
    lines = [line.format(file=file) for line in HEAD]
    for name in (*first, *rest):
        lines += ["", *_key(name, fields[name])]
    return "\n".join(lines) + "\n"


def _key(name: str, field: FieldInfo) -> Iterator[str]:
    if field.description:
        yield f"# {field.description}"
    if name in BEGUN:
        yield _spelled(name, BEGUN[name])
    else:
        yield "\n".join(f"# {line}" for line in _spelled(name, _default(field)).splitlines())


def _default(field: FieldInfo) -> Any:
    value = field.get_default(call_default_factory=True)
    return None if value is PydanticUndefined else value


def _spelled(name: str, value: Any) -> str:
    plain = str(value) if isinstance(value, Path) else value
    return yaml.safe_dump({name: plain}, sort_keys=False, allow_unicode=True, width=100).rstrip()
