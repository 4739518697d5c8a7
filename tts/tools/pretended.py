"""A value that fits a schema, for dry runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_PLAIN = {"string": "x", "integer": 1, "number": 1.0, "boolean": True, "null": None}


def instance_of(schema: Mapping[str, Any], root: Mapping[str, Any] | None = None) -> Any:
    """The smallest instance that shows every field; one element per list."""
    root = schema if root is None else root
    if "$ref" in schema:
        name = str(schema["$ref"]).rpartition("/")[2]
        return instance_of(root.get("$defs", {}).get(name, {}), root)
    for given in ("const", "default"):
        if given in schema:
            return schema[given]
    if schema.get("enum"):
        return schema["enum"][0]
    for several in ("anyOf", "oneOf", "allOf"):
        if schema.get(several):
            return instance_of(schema[several][0], root)
    kind = schema.get("type")
    kind = kind[0] if isinstance(kind, list) else kind
    if kind == "object":
        fields = schema.get("properties", {})
        return {name: instance_of(field, root) for name, field in fields.items()}
    if kind == "array":
        return [instance_of(schema.get("items", {}), root)]
    return _PLAIN.get(str(kind), "x")
