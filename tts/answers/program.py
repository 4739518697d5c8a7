"""A program in a model's text, and the static repair of its form: no model, no execution.

Siddiq et al. (2024, FRANC) show how much of a weak model's failures are ones of form alone: fences,
prose around the code, a body without its head, an end that was cut, an import left out.
"""

from __future__ import annotations

import ast
import builtins
import re
import textwrap
import warnings
from collections.abc import Iterator
from typing import Literal

from msgspec import Struct

from tts.answers.script import STDOUT_OF, as_function

Repair = Literal["fence", "body", "indentation", "cut", "imports", "method"]
"""`fence`: taken out of a fenced block; `body`: put under the head of the prompt; `indentation`:
shifted; `cut`: what follows the last whole statement was left out; `imports`: added; `method`: a
method of a class is called as the function that was asked for."""

_FENCED = re.compile(
    r"^[ \t]*```[ \t]*([\w+-]*)[^\n]*\n(.*?)(?:^[ \t]*```|\Z)", re.DOTALL | re.MULTILINE
)
_CLOSED = re.compile(r"((?:(?!^[ \t]*```).)*)^[ \t]*```[ \t]*$", re.DOTALL | re.MULTILINE)
"""What stands before a bare fence that is the first of a text."""
_CODE = re.compile(r"^(?:\s*(?:async )?(?:def|class) |[ \t]+(?:return|yield) )", re.MULTILINE)
"""What no prose before a block holds: such a fence closes one that was never opened."""
_PYTHON = {"", "py", "python", "python3"}
_OUTSIDE = re.compile(
    r"^(?:if __name__|print\(|assert |#+ ?(?:Test|Example)|\"\"\"|''')", re.MULTILINE
)
LONGEST = 100_000
"""Characters; a longer text is no answer to anything that is asked here."""
MOST_CUTS = 200
"""Lines that are given up at most to find a whole program."""
MODULES = (
    *("bisect", "cmath", "collections", "copy", "datetime", "functools", "hashlib", "heapq"),
    *("itertools", "json", "math", "operator", "random", "re", "statistics", "string", "sys"),
)
TYPING = (
    *("Any", "Callable", "Dict", "FrozenSet", "Iterable", "Iterator", "List", "Mapping"),
    *("Optional", "Sequence", "Set", "Tuple", "Union"),
)
MEMBERS = {
    **dict.fromkeys(TYPING, "typing"),
    **dict.fromkeys(
        ("Counter", "OrderedDict", "defaultdict", "deque", "namedtuple"), "collections"
    ),
    **dict.fromkeys(("reduce", "lru_cache", "cmp_to_key"), "functools"),
    **dict.fromkeys(("combinations", "permutations", "product", "accumulate"), "itertools"),
    **dict.fromkeys(("sqrt", "ceil", "floor", "gcd", "factorial"), "math"),
}


class Program(Struct, frozen=True):
    """A program to run, and what was repaired of its form."""

    source: str
    repairs: tuple[Repair, ...] = ()
    whole: bool = True
    """False: no repair makes it a program that defines what was asked for."""


def fenced(text: str) -> str | None:
    """The code in a text's fences: the last block that defines something, else the last one."""
    if (closed := _CLOSED.match(text)) and _CODE.search(closed[1]):
        return closed[1]
    blocks = [body for name, body in _FENCED.findall(text) if name.lower() in _PYTHON]
    defining = [
        body for body in blocks if re.search(r"^\s*(?:async )?(?:def|class) ", body, re.MULTILINE)
    ]
    found = defining or blocks
    return found[-1] if found else None


def program_in(text: str) -> str | None:
    """The code of an answer as it stands, its indentation kept; None where there is none."""
    code = fenced(text)
    code = text if code is None else code
    return code.rstrip() if code.strip() else None


def assembled(prompt: str, entry: str, text: str) -> Program:
    """The program that an answer makes of a prompt, a function's head with its docstring.

    An answer is a whole program or the body alone. Candidates for both are tried from the least
    repaired to the most; the first that compiles and defines `entry` is taken. Where the entry is
    `STDOUT_OF` the answer is a whole program that reads and prints.
    """
    code = fenced(text)
    first: tuple[Repair, ...] = () if code is None else ("fence",)
    code = (text if code is None else code)[:LONGEST]
    if entry == STDOUT_OF:
        return Program(as_function(code), first, whole=parsed(code) is not None)
    if (owner := _owner(code, entry)) is not None:
        called = f"\n\ndef {entry}(*args, **named):\n    return {owner}().{entry}(*args, **named)\n"
        return Program(missing_imports(code) + code + called, (*first, "method"))
    for source, repairs in _forms(prompt, entry, code):
        if _defines(source, entry):
            lacking = missing_imports(source)
            more: tuple[Repair, ...] = ("imports",) if lacking else ()
            done: tuple[Repair, ...] = (*first, *repairs, *more)
            return Program(lacking + source, done)
    return Program(code, first, whole=False)


def _owner(code: str, entry: str) -> str | None:
    """The class whose method was written in place of a function; None where there is no such class."""
    tree = parsed(code)
    if tree is None or _defines(code, entry):
        return None
    owners = [
        one.name
        for one in tree.body
        if isinstance(one, ast.ClassDef)
        and any(isinstance(part, ast.FunctionDef) and part.name == entry for part in one.body)
    ]
    return owners[-1] if owners else None


def _forms(prompt: str, entry: str, code: str) -> Iterator[tuple[str, tuple[Repair, ...]]]:
    lines = code.strip("\n")
    head = header(prompt, entry)
    if lines[:1].isspace():
        yield f"{head}{lines}\n", ("body",)
    if re.search(rf"^\s*def {re.escape(entry)}\b", code, re.MULTILINE):
        yield from _wholes(prompt, code)
    for body, repairs in _bodies(code):
        yield head + body + "\n", ("body", *repairs)
    yield from _wholes(prompt, code)


def _wholes(prompt: str, code: str) -> Iterator[tuple[str, tuple[Repair, ...]]]:
    forms: tuple[tuple[str, tuple[Repair, ...]], ...] = (
        (code, ()),
        (textwrap.dedent(code), ("indentation",)),
    )
    for shifted, repairs in forms:
        for cut in _cuts(shifted):
            how: tuple[Repair, ...] = (*repairs, "cut") if cut != shifted else (*repairs,)
            yield f"{prompt.rstrip()}\n\n\n{cut}\n", how
            yield f"{cut}\n", how


def _bodies(code: str) -> Iterator[tuple[str, tuple[Repair, ...]]]:
    """A body at one indentation, from whole to cut: a model goes on with things of its own."""
    lines = code.strip("\n").split("\n")
    loose = textwrap.indent(textwrap.dedent("\n".join(lines)), "    ")
    first = textwrap.indent("\n".join([lines[0].lstrip(), *lines[1:]]), "")
    forms: tuple[tuple[str, tuple[Repair, ...]], ...] = (
        ("\n".join(lines), ()),
        (loose, ("indentation",)),
        ("    " + first, ("indentation",)),
    )
    for body, repairs in forms:
        inner = _inner(body)
        for cut in _cuts(inner):
            yield cut, repairs if cut == body else (*repairs, "cut")


def _inner(body: str) -> str:
    """The lines up to the first that stands outside of a function."""
    kept = []
    for line in body.split("\n"):
        if line.strip() and not line[0].isspace() and not line.startswith("#"):
            break
        kept.append(line)
    return "\n".join(kept).rstrip()


def _cuts(code: str) -> Iterator[str]:
    yield code
    outside = _OUTSIDE.search(code)
    if outside and outside.start():
        yield code[: outside.start()].rstrip()
    lines = code.split("\n")
    for end in range(len(lines) - 1, max(0, len(lines) - MOST_CUTS), -1):
        yield "\n".join(lines[:end])


def header(prompt: str, entry: str) -> str:
    """The prompt up to the body of the function asked for, else of its last one, without docstring."""
    tree = parsed(prompt)
    heads = [one for one in (tree.body if tree else ()) if isinstance(one, ast.FunctionDef)]
    asked = [one for one in heads if one.name == entry] or heads
    if not asked:
        return prompt.rstrip() + "\n"
    lines = prompt.split("\n")
    return "\n".join(lines[: asked[-1].body[0].lineno - 1]) + "\n"


def parsed(source: str) -> ast.Module | None:
    """The tree of a source, its warnings unsaid; None where it is no Python."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _defines(source: str, entry: str) -> bool:
    tree = parsed(source)
    if tree is None:
        return False
    found = [node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == entry]
    return bool(found) and not _docstring_alone(found[-1])


def _docstring_alone(function: ast.FunctionDef) -> bool:
    return len(function.body) == 1 and ast.get_docstring(function, clean=False) is not None


def missing_imports(source: str) -> str:
    """Imports of well-known modules and names that a program uses and binds nowhere."""
    tree = parsed(source)
    if tree is None or any(
        isinstance(node, ast.ImportFrom) and node.module == "__future__" for node in tree.body
    ):
        return ""
    used = {
        node.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)
    }
    lacking = sorted(used - _bound(tree) - set(dir(builtins)))
    lines = [f"import {name}" for name in lacking if name in MODULES]
    lines += [f"from {MEMBERS[name]} import {name}" for name in lacking if name in MEMBERS]
    return "".join(f"{line}\n" for line in lines)


def _bound(tree: ast.Module) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name, ctx=ast.Store()) | ast.arg(arg=name):
                found.add(name)
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
                found.add(name)
            case ast.alias(name=name, asname=other):
                found.add((other or name).partition(".")[0])
    return found
