"""Flags of the commands, made from the keys of a recipe: a key that exists is a flag."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection, Iterable
from functools import wraps
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin, get_type_hints

import typer
import yaml
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from tts.cli.settings import settings_of
from tts.errors import BadInput
from tts.eval.recipe import on_top
from tts.values import Sampling

Command = TypeVar("Command", bound=Callable[..., None])
SHORT = {"requests_per_minute": "--rpm", "tokens_per_minute": "--tpm", "bins": "--bin"}
"""Second names of flags."""
CONTEXT = inspect.Parameter("context", inspect.Parameter.KEYWORD_ONLY, annotation=typer.Context)
"""What typer hands over; it is no flag."""
SAMPLED = ("temperature", "max_tokens")
"""The fields of `Sampling` that have a flag of their own."""


def flags_of(
    keys: type[BaseModel], *, only: Collection[str] | None = None, without: Collection[str] = ()
) -> Callable[[Command], Command]:
    """Give a command a flag for every key, or for `only` some; those that were given reach it as
    its `options`, in whose place they stand.

    Below them lie those of the settings file. A command that puts a recipe between the two takes
    them apart, as `under`.
    """
    chosen = set(keys.model_fields if only is None else only) - set(without)
    made = {name: _flag(name, one) for name, one in keys.model_fields.items() if name in chosen}
    if "sampling" in chosen:
        made |= {name: _sampled(name) for name in SAMPLED}

    def decorate(command: Command) -> Command:
        declared = inspect.signature(command, eval_str=True).parameters
        shown: dict[str, inspect.Parameter] = {"context": CONTEXT}
        for name, one in declared.items():
            own = {name: one.replace(kind=inspect.Parameter.KEYWORD_ONLY)}
            shown |= made if name == "options" else own
        shown.pop("under", None)

        @wraps(command)
        def called(**given: Any) -> None:
            context = given["context"] if "context" in declared else given.pop("context")
            under = settings_of(context).among(made)
            options = _read({name: given.pop(name) for name in made}, keys)
            if "under" in declared:
                command(**given, options=options, under=under)
            else:
                command(**given, options=on_top(under, options))

        called.__signature__ = inspect.Signature(list(shown.values()))  # type: ignore[attr-defined]
        called.__annotations__ = {name: one.annotation for name, one in shown.items()}
        return called  # type: ignore[return-value]

    return decorate


def _flag(name: str, field: FieldInfo) -> inspect.Parameter:
    """The parameter that typer makes a flag of."""
    kind, flag = _kind(field.annotation), f"--{name.replace('_', '-')}"
    names = (flag, *([SHORT[name]] if name in SHORT else []))
    if kind is bool:
        names = (f"{flag}/--no-{flag.removeprefix('--')}",)
    return _parameter(name, kind, typer.Option(*names, help=field.description))


def _sampled(name: str) -> inspect.Parameter:
    kind = get_type_hints(Sampling)[name]
    return _parameter(name, kind, typer.Option(help="Of every draw that names none."))


def _parameter(name: str, kind: Any, option: Any) -> inspect.Parameter:
    return inspect.Parameter(
        name,
        inspect.Parameter.KEYWORD_ONLY,
        default=None,
        annotation=Annotated[kind | None, option],
    )


def _kind(annotation: Any) -> Any:
    """What a flag takes for a key of this type: mappings are `name=value`, again and again."""
    if get_origin(annotation) in (Union, UnionType):
        [annotation] = [one for one in get_args(annotation) if one is not NoneType]
    origin = get_origin(annotation) or annotation
    if origin in (list, dict):
        return list[str]
    return origin if origin in (bool, int, float, Path) else str


def _read(given: dict[str, Any], keys: type[BaseModel]) -> dict[str, Any]:
    """The keys that the user gave, mappings read."""
    found = {name: value for name, value in given.items() if value not in (None, [], ())}
    for name, field in keys.model_fields.items():
        if get_origin(field.annotation) is dict and name in found:
            plain = get_args(field.annotation)[1] is str
            found[name] = _mapping(f"--{name}", found[name], plain=plain)
        elif field.annotation == list[int] and name in found:
            found[name] = _numbers(f"--{name}", found[name])
    sampled = {name: found.pop(name) for name in SAMPLED if name in found}
    if sampled:
        found["sampling"] = {**found.get("sampling", {}), **sampled}
    return found


def several(texts: Iterable[str]) -> list[str]:
    """What a flag was given, repeated or with commas; a comma inside brackets or quotes splits none."""
    from tts.engine.spelling import split_outside

    return [part for text in texts for part in split_outside(text) if part]


def _numbers(flag: str, texts: Iterable[str]) -> list[int]:
    try:
        return [int(text) for text in several(texts)]
    except ValueError:
        given = ", ".join(texts)
        raise BadInput(f"{flag} takes whole numbers, as 1,2 or repeated, not {given!r}.") from None


def _pairs(text: str) -> list[str]:
    """`a=1,b=2` is two; where a part has no name of its own, the comma belongs to a value."""
    parts = several([text])
    return parts if len(parts) > 1 and all("=" in part for part in parts) else [text]


def _mapping(flag: str, texts: Iterable[str], *, plain: bool) -> dict[str, Any]:
    pairs = {}
    for text in (pair for given in texts for pair in _pairs(given)):
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
