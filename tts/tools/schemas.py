"""JSON schemas of tools: what their local references stand for, and values that fit them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import chain, count
from typing import Any
from urllib.parse import unquote

from tts.errors import UsageError

Schema = Mapping[str, Any]
"""A JSON schema."""

DEEP = 64
"""Schemas nested deeper are refused, and references are followed no deeper."""
_MOST = 20_000
"""Parts that a schema may have after inlining; from there on references are kept."""
_MANY = 256
"""With more definitions than these all of them are kept."""
_ENTERED, _SHOWN = 200, 3
"""References that a pretended value follows at most; turns of a recursion that it shows."""

_NAMED = frozenset(("properties", "patternProperties", "dependentSchemas"))
_DATA = frozenset(("default", "const", "enum", "examples", "example"))
_GONE = frozenset(("$defs", "definitions", "discriminator"))
"""Keywords that mean nothing, or point nowhere, once references are inlined."""
_NOTES = frozenset(
    ["title", "description", "default", "examples", "deprecated", "readOnly", "writeOnly"]
)
"""Keywords that may stand beside a `$ref` and ask nothing of a value."""
_PLAIN = {"string": "x", "integer": 1, "number": 1.0, "boolean": True, "null": None}


def target(reference: object, root: Schema) -> Schema | None:
    """What a local `$ref` of a document stands for; None where it leads nowhere or elsewhere."""
    if not isinstance(reference, str):
        return None
    found: Any = root if reference == "#" or reference.startswith("#/") else None
    for step in unquote(reference).split("/")[1:]:
        found = _below(found, step.replace("~1", "/").replace("~0", "~"))
    if found is None:
        known = {**root.get("definitions", {}), **root.get("$defs", {})}
        found = known.get(reference.rpartition("/")[2])
    return found if isinstance(found, Mapping) else None


def name_of(reference: str) -> str:
    """What a `$ref` calls its target, in letters, digits, `_`, `-` and `.`."""
    return re.sub(r"[^A-Za-z0-9_.-]", "_", reference.rpartition("/")[2].lstrip("#")) or "root"


def inlined(schema: Schema) -> dict[str, Any]:
    """The schema with local references replaced by what they stand for.

    Only what refers to itself, or would grow beyond all measure, stays in `$defs`; the top is
    never a reference. Many providers reject or ignore references.
    """
    work = _Inlining(schema)
    made: dict[str, Any] = work.part(schema, top=True)
    definitions = dict(work.definitions())
    return {**made, "$defs": definitions} if definitions else made


def refuse_deep(name: str, schema: Schema) -> None:
    """Raises `UsageError` for a tool's schema that nests without end, or nearly so."""
    level: list[Any] = [schema]
    for _ in range(2 * DEEP):
        below = [part for holder in level for part in _held(holder)]
        level = list({id(part): part for part in below}.values())
        if not level:
            return
    raise UsageError(f"Tool {name!r}: its schema is nested more than {DEEP} deep; flatten it.")


def instance_of(schema: Schema) -> Any:
    """A small value that shows every field, for dry runs; one element per list.

    A recursive schema is shown a few turns deep, and ends where its lists are empty, its fields
    optional or its alternatives plain.
    """
    try:
        return _Pretending(schema).value(schema)
    except _Endless:
        return {}


def _below(found: Any, step: str) -> Any:
    if isinstance(found, Mapping):
        return found.get(step)
    if isinstance(found, list) and re.fullmatch("[0-9]{1,6}", step):
        return dict(enumerate(found)).get(int(step))
    return None


def _held(value: Any) -> Iterator[Any]:
    """The mappings and lists that a value holds."""
    parts = value.values() if isinstance(value, Mapping) else value
    return (part for part in parts if isinstance(part, Mapping | list))


def _schemas(schema: Schema) -> Iterator[Schema]:
    """The schemas right below one; data and definitions are none."""
    for key, value in schema.items():
        if key in _DATA or key in _GONE:
            continue
        if key in _NAMED and isinstance(value, Mapping):
            parts = list(value.values())
        else:
            parts = value if isinstance(value, list) else [value]
        yield from (part for part in parts if isinstance(part, Mapping))


def _references(schema: Schema) -> Iterator[str]:
    """The references anywhere inside a schema."""
    waiting = [schema]
    while waiting:
        part = waiting.pop()
        if isinstance(part.get("$ref"), str):
            yield part["$ref"]
        waiting += _schemas(part)


def _kept(root: Schema) -> frozenset[str]:
    """The references that lead back to themselves."""
    inside: dict[str, set[str]] = {}
    waiting = list(_references(root))
    while waiting:
        reference = waiting.pop()
        if reference not in inside:
            inside[reference] = set(_references(target(reference, root) or {}))
            waiting += inside[reference]
    if len(inside) > _MANY:
        return frozenset(inside)
    return frozenset(reference for reference in inside if reference in _reached(reference, inside))


def _reached(reference: str, inside: Mapping[str, set[str]]) -> set[str]:
    found: set[str] = set()
    waiting = [reference]
    while waiting:
        new = inside[waiting.pop()] - found
        found |= new
        waiting += new
    return found


class _Inlining:
    """One document under way: which references stay, and under which names."""

    def __init__(self, root: Schema) -> None:
        self.root, self.kept, self.left = root, _kept(root), _MOST
        self.names: dict[str, str] = {}
        self.taken: set[str] = set()
        self.waiting: list[str] = []

    def part(self, schema: Any, deep: int = 0, *, top: bool = False) -> Any:
        if not isinstance(schema, Mapping):
            return schema
        self.left -= 1
        if isinstance(schema.get("$ref"), str):
            return self._referred(schema, deep, top=top)
        return {
            key: self._keyword(key, value, deep + 1)
            for key, value in schema.items()
            if key not in _GONE
        }

    def definitions(self) -> Iterator[tuple[str, Any]]:
        """What the references that stayed stand for; each may bring more of them."""
        while self.waiting:
            reference = self.waiting.pop()
            yield self.names[reference], self.part(target(reference, self.root) or {})

    def _keyword(self, key: str, value: Any, deep: int) -> Any:
        if key in _DATA:
            return value
        if key in _NAMED and isinstance(value, Mapping):
            return {name: self.part(part, deep) for name, part in value.items()}
        if isinstance(value, list):
            return [self.part(part, deep) for part in value]
        return self.part(value, deep)

    def _referred(self, schema: Schema, deep: int, *, top: bool) -> dict[str, Any]:
        reference: str = schema["$ref"]
        rest = self.part({key: value for key, value in schema.items() if key != "$ref"}, deep)
        found = target(reference, self.root)
        if found is None and not reference.startswith("#"):
            return {"$ref": reference, **rest}
        if not top and (reference in self.kept or self.left < 0 or deep > DEEP):
            return {"$ref": f"#/$defs/{self._name(reference)}", **rest}
        made = self.part(found or {}, deep + 1)
        if "$ref" not in made and all(key in _NOTES or key.startswith("$") for key in rest):
            return {**made, **rest}
        return {**rest, "allOf": [made, *rest.get("allOf", ())]}

    def _name(self, reference: str) -> str:
        if reference not in self.names:
            name = name_of(reference)
            others = (f"{name}_{number}" for number in count(2))
            self.names[reference] = next(n for n in chain([name], others) if n not in self.taken)
            self.taken.add(self.names[reference])
            self.waiting.append(reference)
        return self.names[reference]


class _Endless(Exception):
    """There is no value of the schema that ends here."""


class _Pretending:
    """One value under way, and how many references it may still follow."""

    def __init__(self, root: Schema) -> None:
        self.root, self.left = root, _ENTERED

    def value(self, schema: Any, above: tuple[str, ...] = (), deep: int = 0) -> Any:
        """Raises `_Endless`; `above`: references that led here."""
        if not isinstance(schema, Mapping):
            return "x"
        if deep > DEEP:
            raise _Endless
        if "$ref" in schema:
            return self._referred(str(schema["$ref"]), above, deep)
        for given in ("const", "default"):
            if given in schema:
                return schema[given]
        if schema.get("enum"):
            return schema["enum"][0]
        for several in ("anyOf", "oneOf", "allOf"):
            if schema.get(several):
                return self._one_of(schema[several], above, deep, all_of=several == "allOf")
        kind = schema.get("type", "object" if "properties" in schema else None)
        kind = kind[0] if isinstance(kind, list) and kind else kind
        if kind == "object":
            return self._fields(schema, above, deep)
        return self._items(schema, above, deep) if kind == "array" else _PLAIN.get(str(kind), "x")

    def _referred(self, reference: str, above: tuple[str, ...], deep: int) -> Any:
        if self.left <= 0 or above.count(reference) >= _SHOWN:
            raise _Endless
        self.left -= 1
        return self.value(target(reference, self.root) or {}, (*above, reference), deep + 1)

    def _one_of(self, parts: list[Any], above: tuple[str, ...], deep: int, *, all_of: bool) -> Any:
        """The first alternative that ends; the fields of all where all have to hold."""
        if all_of:
            values = [self.value(part, above, deep + 1) for part in parts]
            fields = [value for value in values if isinstance(value, dict)]
            return {k: v for value in fields for k, v in value.items()} if fields else values[0]
        for part in parts:
            try:
                return self.value(part, above, deep + 1)
            except _Endless:
                continue
        raise _Endless

    def _fields(self, schema: Schema, above: tuple[str, ...], deep: int) -> dict[str, Any]:
        made = {}
        for name, field in schema.get("properties", {}).items():
            try:
                made[name] = self.value(field, above, deep + 1)
            except _Endless:
                if name in schema.get("required", ()):
                    raise
        return made

    def _items(self, schema: Schema, above: tuple[str, ...], deep: int) -> list[Any]:
        fixed = [self.value(part, above, deep + 1) for part in schema.get("prefixItems", ())]
        most = schema.get("maxItems", len(fixed) + 1)
        if schema.get("items") is False or most <= len(fixed):
            return fixed
        try:
            return [*fixed, self.value(schema.get("items", {}), above, deep + 1)]
        except _Endless:
            return fixed
