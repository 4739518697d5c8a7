"""Flags of the commands, made from the keys of a recipe: a key that exists is a flag."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection, Iterable
from functools import wraps
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin

import typer
import yaml
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from tts.errors import BadInput

Command = TypeVar("Command", bound=Callable[..., None])
SHORT = {"requests_per_minute": "--rpm", "tokens_per_minute": "--tpm", "bins": "--bin"}
"""Second names of flags."""
SAMPLED = {"temperature": float, "max_tokens": int}
"""The fields of `sampling` that have a flag of their own."""


def flags_of(
    keys: type[BaseModel], *, without: Collection[str] = ()
) -> Callable[[Command], Command]:
    """Give a command a flag for every key; those that were given reach it as its `options`."""

    def decorate(command: Command) -> Command:
        own = inspect.signature(command, eval_str=True).parameters
        made = {
            name: inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, **_flag(name, field))
            for name, field in keys.model_fields.items()
            if name not in without
        }
        for name, kind in SAMPLED.items():
            told = typer.Option(help="Of every draw that names none.")
            made[name] = inspect.Parameter(
                name,
                inspect.Parameter.KEYWORD_ONLY,
                default=None,
                annotation=Annotated[kind | None, told],
            )
        shown = {**{name: one for name, one in own.items() if name != "options"}, **made}

        @wraps(command)
        def called(**given: Any) -> None:
            chosen = {name: given.pop(name) for name in made}
            command(**given, options=_read(chosen, keys))

        called.__signature__ = inspect.Signature(list(shown.values()))  # type: ignore[attr-defined]
        called.__annotations__ = {name: one.annotation for name, one in shown.items()}
        return called  # type: ignore[return-value]

    return decorate


def _flag(name: str, field: FieldInfo) -> dict[str, Any]:
    """Annotation and default of the parameter that typer makes a flag of."""
    names = (f"--{name.replace('_', '-')}", *([SHORT[name]] if name in SHORT else []))
    kind, option = _kind(field.annotation), typer.Option(*names, help=field.description)
    if kind is bool:
        plain = name.replace("_", "-")
        option = typer.Option(f"--{plain}/--no-{plain}", help=field.description)
    return {"default": None, "annotation": Annotated[kind | None, option]}


def _kind(annotation: Any) -> Any:
    """What a flag takes for a key of this type: mappings are `name=value`, again and again."""
    if get_origin(annotation) in (Union, UnionType):
        [annotation] = [one for one in get_args(annotation) if one is not NoneType]
    origin = get_origin(annotation) or annotation
    if origin is list:
        return list[int] if get_args(annotation) == (int,) else list[str]
    if origin is dict:
        return list[str]
    return origin if origin in (bool, int, float, Path) else str


def _read(given: dict[str, Any], keys: type[BaseModel]) -> dict[str, Any]:
    """The keys that the user gave, mappings read."""
    found = {name: value for name, value in given.items() if value not in (None, [], ())}
    for name, field in keys.model_fields.items():
        if get_origin(field.annotation) is dict and name in found:
            plain = get_args(field.annotation)[1] is str
            found[name] = _mapping(f"--{name}", found[name], plain=plain)
    sampled = {name: found.pop(name) for name in SAMPLED if name in found}
    if sampled:
        found["sampling"] = {**found.get("sampling", {}), **sampled}
    return found


def _mapping(flag: str, texts: Iterable[str], *, plain: bool) -> dict[str, Any]:
    pairs = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not name.strip() or name.strip() in pairs:
            raise BadInput(f"{flag} takes name=value, each name once, not {text!r}.")
        pairs[name.strip()] = value.strip() if plain else _scalar(flag, value)
    return pairs


def _scalar(flag: str, text: str) -> Any:
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise BadInput(f"{flag}: {text!r} is no value; put texts in quotes.") from error
