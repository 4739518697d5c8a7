"""Writes the pages of this folder from the code: `make reference`; tests/test_docs.py compares them."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer
from typer.main import get_command

import tts
from tts.cli.app import app

HERE = Path(__file__).parent
ADDRESS = re.compile(r" at 0x[0-9a-f]+")
MADE = "Generated from the code by `make reference`."


def pages() -> dict[str, str]:
    """The pages by their file names."""
    return {"cli.md": cli_page(), "api.md": api_page()}


def cli_page() -> str:
    """Every command with its arguments and flags."""
    parts = ["# Commands", f"{MADE} What they are for together: [the command line](../cli.md)."]
    for name, command in sorted(commands(get_command(app), "tts")):
        parts += [f"## {name}", usage(name, command), command.help.strip(), flags(command)]
    return "\n\n".join(part for part in parts if part) + "\n"


def commands(command: Any, name: str) -> Iterator[tuple[str, Any]]:
    """A command and those below it; groups are told by what is in them."""
    inner = getattr(command, "commands", None)
    if inner is None:
        yield name, command
        return
    for one, below in inner.items():
        yield from commands(below, f"{name} {one}")


def usage(name: str, command: Any) -> str:
    arguments = [one for one in command.params if one.param_type_name == "argument"]
    shown = " ".join(map(metavar, arguments))
    return f"`{name} {shown}`".replace(" `", "`")


def metavar(argument: Any) -> str:
    shown = argument.name.upper() + ("..." if argument.nargs == -1 else "")
    return shown if argument.required else f"[{shown}]"


def flags(command: Any) -> str:
    """A table of arguments and flags, in the words of `--help`; a command without any has none."""
    context = typer.Context(command)
    records = [one.get_help_record(context) for one in command.params if one.name != "help"]
    rows = [f"| `{cell(names)}` | {cell(text)} |" for names, text in filter(None, records)]
    return "\n".join(["| argument or flag | what it is |", "|---|---|", *rows]) if rows else ""


def cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def api_page() -> str:
    """Every name that `import tts` gives, with its signature and what it says of itself."""
    parts = ["# Names of `tts`", f"{MADE} How they are used: [the SDK](../sdk.md)."]
    for name in sorted(tts.__all__, key=str.lower):
        parts += [f"## {name}", *told(name, getattr(tts, name))]
    return "\n\n".join(parts) + "\n"


def told(name: str, value: Any) -> Iterator[str]:
    if not callable(value):
        yield f"`{name}` is a {type(value).__name__}."
        return
    yield code(f"{name}{signature(value)}")
    yield documentation(value)
    if inspect.isclass(value):
        for method, one in methods(value):
            yield f"### {name}.{method}"
            yield code(f"{method}{signature(one)}")
            yield documentation(one)


def methods(kind: type) -> Iterator[tuple[str, Any]]:
    """The public functions that a class itself defines and documents."""
    for name, one in vars(kind).items():
        plain = getattr(one, "__func__", one)
        if not name.startswith("_") and inspect.isfunction(plain) and plain.__doc__:
            yield name, plain


def signature(value: Any) -> str:
    try:
        return ADDRESS.sub("", str(inspect.signature(value)))
    except (TypeError, ValueError):
        return "(…)"


def code(text: str) -> str:
    return f"```text\n{text}\n```"


def documentation(value: Any) -> str:
    """The docstring; paragraphs with something indented, such as arguments, stand as they are."""
    parts = (inspect.getdoc(value) or "").split("\n\n")
    return "\n\n".join(code(one) if "\n  " in f"\n{one}" else one for one in parts)


def main() -> None:
    for name, text in pages().items():
        (HERE / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
