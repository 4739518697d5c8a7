"""A comparison as one YAML file, or as flags: every key is both."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import MISSING
from dataclasses import Field as DataclassField
from difflib import get_close_matches
from functools import reduce
from operator import or_
from pathlib import Path
from types import GenericAlias, NoneType, UnionType
from typing import (
    TYPE_CHECKING,
    Annotated,
    Any,
    Never,
    TypeVar,
    Union,
    get_args,
    get_origin,
    get_type_hints,
)

import yaml
from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    create_model,
    field_validator,
)

from tts.errors import BadInput, UnknownName
from tts.eval.spec import ComparisonSpec
from tts.options import SessionOptions, options_of

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

    from tts.run import Strategy


T = TypeVar("T")


def _text(value: Any) -> Any:
    """Numbers are texts that YAML read; anything else stays what it is, and is refused."""
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return str(value) if number else value


def _listed(value: Any) -> Any:
    """`a(n=1), b(n=2)` is two strategies; a comma inside brackets splits none, not even in YAML."""
    texts = [value] if isinstance(value, str) else value
    if not isinstance(texts, list) or not all(isinstance(one, str) for one in texts):
        return value
    from tts.engine.spelling import split_outside

    return split_outside(", ".join(texts)) if texts else texts


Text = Annotated[str, BeforeValidator(_text)]
Strategies = Annotated[list[Text], BeforeValidator(_listed)]
Budgets = Annotated[list[Text], BeforeValidator(lambda v: v if isinstance(v, list) else [v])]


OBJECTS: dict[str, Any] = {
    "Generator": Never,
    "Retriever": Never,
    "Verifier": Never,
    "Strategy": Never,
}
"""Types of options that only a program can hand over: in a file there is no value of them."""


class Keys(BaseModel):
    """Keys of a file: none is unknown, and yes and no stand for no number."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            """A key that is made of an option."""

    @field_validator("*", mode="before")
    @classmethod
    def _no_truth_for_a_number(cls, value: Any, info: ValidationInfo) -> Any:
        if (
            isinstance(value, bool)
            and cls.model_fields[str(info.field_name)].annotation is not bool
        ):
            raise ValueError("yes and no are no value of this key; put a text in quotes")
        return value

    def options(self) -> SessionOptions:
        """What the engine is opened with."""
        return SessionOptions(**self.values_of(SessionOptions))

    def values_of(self, kind: type) -> dict[str, Any]:
        """The options of a dataclass as these keys have them."""
        found = {one.name: getattr(self, one.name) for one in options_of(kind)}
        return {key: tuple(one) if isinstance(one, list) else one for key, one in found.items()}


def keys_of(kind: type) -> dict[str, Any]:
    """Definitions of the keys that the options of a dataclass are in a file, in their order."""
    hints = get_type_hints(kind, localns=OBJECTS)
    return {one.name: (_written(hints[one.name], one), _key(one)) for one in options_of(kind)}


def _written(hint: Any, one: DataclassField[Any]) -> Any:
    """The type of what stands in a file; nothing is a value only where it is the default."""
    origin, inner = get_origin(hint), get_args(hint)
    if origin in (Union, UnionType):
        never = (Never,) if one.default is None else (Never, NoneType)
        return reduce(or_, (_written(part, one) for part in inner if part not in never))
    if origin is tuple:
        return GenericAlias(list, inner[:1])
    if origin is Mapping:
        return GenericAlias(dict, (inner[0], _written(inner[1], one)))
    return hint


def _key(one: DataclassField[Any]) -> Any:
    made = {"description": one.metadata["told"], **one.metadata["bounds"]}
    if one.default_factory is not MISSING:
        return Field(default_factory=one.default_factory, **made)
    return Field(default=[] if one.default == () else one.default, **made)


if TYPE_CHECKING:
    ModelKeys = Keys
else:
    ModelKeys = create_model(
        "ModelKeys",
        __base__=Keys,
        __doc__="The keys that say what answers, and how.",
        **keys_of(SessionOptions),
    )


class ComparisonKeys(ModelKeys):
    """The keys of a comparison that are texts in a file, and values once they are read."""

    title: Text = Field(default="", description="Heading of the report.")
    problems: str = Field(
        description="File, arithmetic:N, countdown:N, facts:N, replay:FILE, Hugging Face id."
    )
    strategies: Strategies = Field(min_length=1, description="name(n=16); repeat, or a, b.")
    budgets: Budgets = Field(
        default=["none"], min_length=1, description="'4k tokens', '$0.02'; repeat."
    )
    wallet: Text = Field(default="none", description="What the whole job may be billed.")

    def spec(self) -> ComparisonSpec:
        """The comparison that the recipe describes; raises `UsageError` where it cannot be."""
        from tts.engine import parse_ceilings, spell_budget, spell_strategy
        from tts.eval.selection import alike, baseline_alike

        def strategy(text: str) -> Strategy:
            return alike(text, self.select)

        options = self.values_of(ComparisonSpec)
        if self.corpus is not None and "task" not in self.model_fields_set:
            options["task"] = "qa"
        options["baseline"] = baseline_alike(self.baseline, self.strategies, self.select)
        return ComparisonSpec(
            title=self.title or f"{self.model} on {self.problems}",
            problems=self.problems,
            strategies=_distinct("strategy", self.strategies, strategy, spell_strategy),
            budgets=_distinct("budget", self.budgets, parse_ceilings, spell_budget),
            options=self.options(),
            wallet=parse_ceilings(self.wallet),
            **options,
        )


if TYPE_CHECKING:
    Recipe = ComparisonKeys
else:
    Recipe = create_model(
        "Recipe",
        __base__=ComparisonKeys,
        __doc__="The keys of a recipe file; every one is a flag of `tts compare` as well.",
        **keys_of(ComparisonSpec),
    )


def read_recipe(path: Path, part: str = "", **changes: Any) -> Recipe:
    """A recipe file with some keys replaced; `BadInput` names the file, the key and the reason.

    Of a recipe of several parts one has to be chosen.
    """
    parts = read_parts(path, part, **changes)
    if len(parts) > 1:
        names = ", ".join(parts)
        raise BadInput(f"Recipe {path} has several parts ({names}): choose one with --part.")
    return next(iter(parts.values()))


def read_parts(
    path: Path, part: str = "", *, under: Mapping[str, Any] | None = None, **changes: Any
) -> dict[str, Recipe]:
    """The recipes of a file by the name of their part, or only that part.

    `parts` maps names to keys that are put on top of the file's own. A file without it is one part
    without a name. Mappings, as of `sampling`, are put on top key by key. What is `under` holds
    where neither the file nor `changes` say anything.
    """
    content = _content(path)
    parts = content.pop("parts", None) or {"": {}}
    if not isinstance(parts, dict) or not all(isinstance(own, dict) for own in parts.values()):
        raise BadInput(f"Recipe {path}: parts is a mapping of names to keys.")
    if part and part not in parts:
        raise UnknownName("part", part, (str(name) for name in parts))
    return {
        str(name): recipe_of(
            on_top(under or {}, content, own, changes),
            where=f"Recipe {path} {name}".rstrip(),
            flags=changes,
        )
        for name, own in parts.items()
        if not part or name == part
    }


def on_top(*layers: Mapping[str, Any]) -> dict[str, Any]:
    """The keys of all layers, the last one that has a key wins; mappings are joined key by key."""
    keys: dict[str, Any] = {}
    for layer in layers:
        for name, value in layer.items():
            under = keys.get(name)
            if isinstance(under, dict) and isinstance(value, dict):
                keys[name] = {**under, **value}
            else:
                keys[name] = value
    return keys


class _Loader(yaml.SafeLoader):
    """YAML in which a key given twice is an error, not the last one."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            if key.value in seen and isinstance(key, yaml.ScalarNode):
                line = key.start_mark.line + 1
                raise yaml.YAMLError(f"line {line} gives the key {key.value!r} a second time.")
            seen.add(str(key.value))
        return super().construct_mapping(node, deep)


def _content(path: Path) -> dict[str, Any]:
    try:
        content = yaml.load(path.read_text(encoding="utf-8-sig"), _Loader)
    except OSError as error:
        raise BadInput(f"Recipe {path}: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise BadInput(f"Recipe {path} is not UTF-8 text: byte {error.start}.") from error
    except (yaml.YAMLError, ValueError, TypeError) as error:
        reason = " ".join(str(error).split())
        raise BadInput(f"Recipe {path} is not YAML: {reason}") from error
    except RecursionError as error:
        raise BadInput(f"Recipe {path} is nested too deeply.") from error
    if not isinstance(content, dict) or not all(isinstance(name, str) for name in content):
        raise BadInput(f"Recipe {path}: a mapping of keys is needed, see recipes/ for examples.")
    return content


def recipe_of(
    content: Mapping[str, Any], *, where: str = "Options", flags: Iterable[str] | None = None
) -> Recipe:
    """A checked recipe; `BadInput` lists every wrong key.

    `flags` are the keys that were given as flags, and are called so; None: all of them.
    """
    return checked(Recipe, content, where=where, flags=content if flags is None else flags)


K = TypeVar("K", bound=Keys)


def checked(kind: type[K], content: Mapping[str, Any], *, where: str, flags: Iterable[str]) -> K:
    """The keys as a value; `BadInput` lists every wrong one by the name that the user gave."""
    given = set(flags)
    try:
        return kind.model_validate(dict(content))
    except ValidationError as error:
        lines = [_told(kind, fault, given) for fault in error.errors(include_url=False)]
        raise BadInput(f"{where}:\n" + "\n".join(dict.fromkeys(lines))) from error


def _told(kind: type[BaseModel], fault: ErrorDetails, flags: set[str]) -> str:
    key, *inner = map(str, fault["loc"])
    name = f"--{key.replace('_', '-')}" if key in flags else key
    if fault["type"] == "missing":
        return f"  {key} is missing: give --{key}, or a recipe with the key {key}."
    if fault["type"] == "extra_forbidden":
        near = get_close_matches(key, kind.model_fields, n=1)
        hint = f" Did you mean {near[0]}?" if near else f" Known: {', '.join(kind.model_fields)}."
        return f"  There is no key {key[:80]}.{hint}"
    said = fault["msg"].removeprefix("Value error, ")
    return f"  {'.'.join([name, *inner])}: {said}, not {_shown(fault['input'])}."


def _shown(value: Any) -> str:
    text = " ".join(repr(value).split())
    return text if len(text) <= 60 else text[:59] + "…"


def _distinct(
    what: str, texts: Sequence[str], parse: Callable[[str], T], spell: Callable[[T], str]
) -> tuple[T, ...]:
    """What the texts say; `BadInput` where two say the same, which would be one cell twice."""
    values = tuple(parse(text) for text in texts)
    first: dict[str, str] = {}
    for text, value in zip(texts, values, strict=True):
        if (name := spell(value)) in first:
            raise BadInput(f"The {what} {text!r} repeats {first[name]!r}: leave one out.")
        first[name] = text
    return values
