"""A comparison as one YAML file."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from tts.engine import (
    SessionOptions,
    parse_budget,
    parse_strategy,
    spell_budget,
    spell_strategy,
)
from tts.errors import BadInput, UnknownName
from tts.eval.spec import ComparisonSpec
from tts.values import Budget

T = TypeVar("T")
Text = Annotated[str, BeforeValidator(str)]


class Recipe(BaseModel):
    """The keys of a recipe file; every one is a flag of `tts compare` as well."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    title: str = ""
    model: str = "embedded:small"
    models: dict[str, str] = Field(default_factory=dict)
    verifier: str = "auto"
    problems: str
    strategies: list[Text] = Field(min_length=1)
    budgets: list[Text] = Field(default_factory=lambda: ["none"])
    repeats: int = Field(default=1, ge=1)
    limit: int | None = Field(default=None, ge=1)
    seed: int | None = None
    bins: list[int] = Field(default_factory=list)
    baseline: str = ""
    wallet: Text = "none"
    task: str = "math"
    revision: str | None = None
    skip_bad: bool = False
    aggregate: Literal["last", "min", "prod", "mean"] | None = None
    sampling: dict[str, Any] = Field(default_factory=dict)
    base_url: str = ""
    api_key_env: str = "OPENAI_API_KEY"
    prices: Path | None = None
    concurrency: int = Field(default=512, ge=1)
    requests_per_minute: float | None = Field(default=None, gt=0)
    tokens_per_minute: float | None = Field(default=None, gt=0)
    timeout: float = Field(default=600.0, gt=0)
    retries: int = Field(default=5, ge=0)
    window: int = Field(default=64, ge=1)

    def spec(self) -> ComparisonSpec:
        """The comparison that the recipe describes; raises `UsageError` where it cannot be."""
        return ComparisonSpec(
            title=self.title or f"{self.model} on {self.problems}",
            problems=self.problems,
            strategies=_distinct("strategy", self.strategies, parse_strategy, spell_strategy),
            budgets=_distinct("budget", self.budgets, _budget, spell_budget),
            options=self._options(),
            repeats=self.repeats,
            limit=self.limit,
            seed=self.seed,
            bins=tuple(self.bins),
            revision=self.revision,
            task=self.task,
            skip_bad=self.skip_bad,
            baseline=self.baseline,
            wallet=_budget(self.wallet),
            window=self.window,
        )

    def _options(self) -> SessionOptions:
        return SessionOptions(
            model=self.model,
            models=self.models,
            verifier=self.verifier,
            sampling=self.sampling,
            aggregate=self.aggregate,
            base_url=self.base_url,
            api_key_env=self.api_key_env,
            prices=self.prices,
            concurrency=self.concurrency,
            requests_per_minute=self.requests_per_minute,
            tokens_per_minute=self.tokens_per_minute,
            timeout=self.timeout,
            retries=self.retries,
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


def read_parts(path: Path, part: str = "", **changes: Any) -> dict[str, Recipe]:
    """The recipes of a file by the name of their part, or only that part.

    `parts` maps names to keys that are put on top of the file's own. A file without it is one part
    without a name.
    """
    content = _content(path)
    parts = content.pop("parts", None) or {"": {}}
    if not isinstance(parts, dict) or not all(isinstance(own, dict) for own in parts.values()):
        raise BadInput(f"Recipe {path}: parts is a mapping of names to keys.")
    if part and part not in parts:
        raise UnknownName("part", part, (str(name) for name in parts))
    return {
        str(name): recipe_of({**content, **own, **changes}, where=f"Recipe {path} {name}".rstrip())
        for name, own in parts.items()
        if not part or name == part
    }


def _content(path: Path) -> dict[str, Any]:
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BadInput(f"Recipe {path}: {error.strerror}.") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        reason = " ".join(str(error).split())
        raise BadInput(f"Recipe {path} is not YAML: {reason}") from error
    if not isinstance(content, dict):
        raise BadInput(f"Recipe {path}: a mapping of keys is needed, see recipes/ for examples.")
    return content


def recipe_of(content: dict[str, Any], *, where: str) -> Recipe:
    """A checked recipe; `BadInput` lists every wrong key."""
    try:
        return Recipe(**content)
    except ValidationError as error:
        lines = [_told(fault["loc"], fault["type"], fault["msg"]) for fault in error.errors()]
        raise BadInput(f"{where}:\n" + "\n".join(lines)) from error


def _told(place: Sequence[int | str], kind: str, message: str) -> str:
    name = ".".join(map(str, place))
    if kind == "missing":
        return f"  {name} is missing: give --{name}, or a recipe with the key {name}."
    return f"  {name}: {message}"


def _budget(text: str) -> Budget:
    return Budget() if text.strip().lower() == "none" else parse_budget(text)


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
