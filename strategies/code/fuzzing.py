"""Inputs that tell programs apart, made without a model, and what programs give for them.

Programs that pass the same tests may still differ where no test looks. Neighbours of the arguments in
the prompt's examples, or values of the annotated types where it shows none, look there: differential
fuzzing (McKeeman 1998), as AlphaCode (Li et al. 2022) does with inputs of a model.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice, product, zip_longest
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from tts.answers.program import parsed
from tts.values import Check, Exam

Ints: TypeAlias = NDArray[np.int64]

MOST = 24
"""Inputs of one task."""
LONGEST = 500
"""Characters of a call in prose."""
GIVEN = """
def given_by(value):
    def told(one):
        if isinstance(one, float):
            return "%.9g" % one
        if isinstance(one, (set, frozenset)):
            return "{%s}" % ",".join(sorted(map(told, one)))
        if isinstance(one, dict):
            return "{%s}" % ",".join(sorted(told(k) + ":" + told(v) for k, v in one.items()))
        if isinstance(one, (list, tuple)):
            return type(one).__name__ + "[%s]" % ",".join(map(told, one))
        return repr(one)
    import zlib
    text = told(value)
    return text if len(text) <= 200 else "%s %d" % (text[:200], zlib.crc32(text.encode()))
"""
"""Values in words: floats to nine digits, sets and dictionaries in one order."""
OF_TYPE: dict[str, tuple[object, ...]] = {
    "int": (0, 1, 2, 5, 10),
    "float": (0.5, 1.0, 2.75),
    "str": ("", "a", "Hello World", "aba"),
    "bool": (True, False),
}


def inputs_of(code: str, entry: str, examples: Iterable[str], *, most: int = MOST) -> list[str]:
    """Calls of `entry` as source, at most so many, none of them an example.

    `code` is the head of the function. Calls that its docstring writes in whatever form are tried as
    they are; its annotations count where nothing shows plain arguments.
    """
    shown = dict.fromkeys(_calls(examples, entry))
    seen = list(dict.fromkeys([*_calls(_mentioned(code, entry), entry), *shown]))
    streams = [_near(args) for args in seen] or [_typed(code, entry)]
    near = (args for turn in zip_longest(*streams) for args in turn if args is not None)
    known = {_written(entry, args) for args in shown}
    texts = (_written(entry, args) for args in (*seen, *near))
    return list(islice(dict.fromkeys(text for text in texts if text not in known), most))


def probing(exam: Exam, inputs: Iterable[str]) -> Exam:
    """One check for each input, which never passes: its reason is what the program gave."""
    checks = tuple(f"raise AssertionError(given_by({one}))" for one in inputs)
    return Exam(entry=exam.entry, prelude=exam.prelude + GIVEN, checks=checks)


def told(check: Check) -> str:
    """What a program gave for an input; an error by its kind alone, with a mark before it."""
    if check.outcome == "wrong":
        return check.reason
    return f"!{check.reason.partition(':')[0] if check.outcome == 'error' else check.outcome}"


def behaviours(given: Sequence[Sequence[str]], trusted: Sequence[bool]) -> Ints:
    """(programs, inputs that count) in a column equal numbers where programs gave the same, below zero
    for an error.

    An input counts where at least half of the trusted programs give a value: elsewhere it lies outside
    of what was asked for, where right programs differ.
    """
    judges = [row for row, own in zip(given, trusted, strict=True) if own] or list(given)
    inside = [
        2 * sum(not one.startswith("!") for one in column) >= len(column)
        for column in zip(*judges, strict=True)
    ]
    numbers: dict[str, int] = {}

    def number(text: str) -> int:
        place = numbers.setdefault(text, len(numbers))
        return -1 - place if text.startswith("!") else place

    kept = [[number(one) for one, own in zip(row, inside, strict=True) if own] for row in given]
    return np.array(kept, dtype=np.int64).reshape(len(given), sum(inside))


def _calls(examples: Iterable[str], entry: str) -> Iterator[tuple[Any, ...]]:
    """Arguments of the calls in examples, those that are plain values; unhashable ones by source."""
    for example in examples:
        tree = parsed(example)
        for node in ast.walk(tree) if tree else ():
            match node:
                case ast.Call(func=ast.Name(id=name), args=args, keywords=[]) if name == entry:
                    yield from _literal(args)


def _mentioned(code: str, entry: str) -> Iterator[str]:
    """The calls of a function in prose, each up to the first bracket that ends one."""
    for found in re.finditer(rf"(?<!def )\b{re.escape(entry)}\(", code):
        ends = [
            one.end() for one in re.finditer(r"\)", code[found.start() : found.start() + LONGEST])
        ]
        whole = (code[found.start() : found.start() + end] for end in ends)
        yield from islice((one for one in whole if parsed(one) is not None), 1)


def _literal(args: Sequence[ast.expr]) -> Iterator[tuple[Any, ...]]:
    try:
        yield _Args(ast.literal_eval(one) for one in args)
    except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
        return


class _Args(tuple[Any, ...]):
    """Arguments that are the same where they are written the same: 1 is not True."""

    def __hash__(self) -> int:
        return hash(repr(self))

    def __eq__(self, other: object) -> bool:
        return repr(self) == repr(other)


def _near(args: tuple[Any, ...]) -> Iterator[tuple[Any, ...]]:
    """Arguments of which one is replaced by a neighbour, the positions in turn."""
    turns = zip_longest(*(neighbours(one) for one in args), fillvalue=_NOTHING)
    for turn in turns:
        for place, value in enumerate(turn):
            if value is not _NOTHING:
                yield (*args[:place], value, *args[place + 1 :])


_NOTHING = object()


def neighbours(value: object) -> Iterator[object]:
    """Values of the same type that are near, the likeliest to tell programs apart first."""
    match value:
        case bool():
            yield not value
        case int():
            yield from (value + 1, 0, 2 * value, value - 1, 1, value * value)
        case float():
            yield from (value + 0.5, 0.0, 2 * value, -value)
        case str():
            yield from (value[::-1], "", value + value, value[1:], value.swapcase(), value[:1])
        case list() | tuple():
            kind = type(value)
            items = list(value)
            yield from (kind(items[::-1]), kind(), kind(items + items), kind(items[1:]))
            for near in islice(neighbours(items[0]) if items else iter(()), 3):
                yield kind([near, *items[1:]])
            yield kind(items[:1])
        case dict():
            yield from ({}, dict(list(value.items())[1:]))


def _typed(code: str, entry: str) -> Iterator[tuple[Any, ...]]:
    """Values of the types that the head names; none where one is of another kind."""
    tree = parsed(code)
    heads = [
        one
        for one in (tree.body if tree else ())
        if isinstance(one, ast.FunctionDef) and one.name == entry
    ]
    if heads:
        yield from product(*(_of_type(one.annotation) for one in heads[-1].args.args))


def _of_type(annotation: ast.expr | None) -> tuple[object, ...]:
    match annotation:
        case ast.Name(id=name):
            return OF_TYPE.get(name, ())
        case ast.Subscript(value=ast.Name(id="List" | "list"), slice=inner):
            items = _of_type(inner)
            return ([], list(items), list(items[::-1]), list(items[1:2] * 2)) if items else ()
    return ()


def _written(entry: str, args: tuple[Any, ...]) -> str:
    return f"{entry}({', '.join(map(repr, args))})"
