"""What a reference finds in the result that it points into."""

from __future__ import annotations

from tts.planner.checks.schemas import Typed, wording
from tts.planner.language import Reference, nearest


class NoField(Exception):
    """The producer's output schema has no such place."""

    def __init__(self, message: str, *, expected: str, got: str, nearest: str = "") -> None:
        super().__init__(message)
        self.expected, self.got, self.nearest = expected, got, nearest


def field_of(result: Typed, reference: Reference) -> Typed:
    """The schema of what a reference finds; raises `NoField`.

    A field that only some alternatives of the result have is taken to be there.
    """
    found = result
    for step in reference.path:
        places = [place for option in found.options() if (place := _step(option, step)) is not None]
        if not places:
            raise _complaint(found, step, reference)
        found = next((place for place in places if place.schema), places[0])
        if len(places) > 1:
            found = Typed({"anyOf": [place.schema for place in places]}, found.root)
    return found


def _step(option: Typed, step: str | int) -> Typed | None:
    types = option.types()
    if isinstance(step, int):
        if types and "array" not in types:
            return None
        return option.at(option.schema.get("items", {}))
    if types and "object" not in types:
        return None
    properties = option.schema.get("properties")
    if properties is None:
        return option.at(option.schema.get("additionalProperties", {}))
    if step in properties:
        return option.at(properties[step])
    extra = option.schema.get("additionalProperties", False)
    return option.at(extra) if isinstance(extra, dict) else None


def _complaint(found: Typed, step: str | int, reference: Reference) -> NoField:
    names = [n for option in found.options() for n in option.schema.get("properties", {})]
    types = found.types()
    if isinstance(step, str) and "array" in types and not names:
        return NoField(
            f"{reference} asks a list for the field {step!r}",
            expected="a position such as [0], or each",
            got=f".{step}",
        )
    expected = f"one of {', '.join(names)}" if names else f"a step into {wording(types)}"
    near = nearest(str(step), names)
    return NoField(
        f"{reference} is not part of the result", expected=expected, got=str(step), nearest=near
    )
