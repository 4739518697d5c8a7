"""The settings file: what a project says once instead of with every command.

`tts.toml`, or `[tool.tts]` of `pyproject.toml`, in the working folder or the nearest one above it
that has either. A recipe goes on top of it, and flags on top of both.
"""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

import typer
from msgspec import Struct
from pydantic import Field, create_model

from tts.errors import BadInput, TTSError
from tts.eval.recipe import Keys, Text, checked, keys_of
from tts.eval.spec import ComparisonSpec
from tts.options import SessionOptions

OWN, SHARED, TABLE = "tts.toml", "pyproject.toml", "tool.tts"
COMPARED = ("repeats", "order", "select", "runtimes", "skip_bad", "window")
"""Options of a comparison that are no part of what one problem set is."""
LEDGER = "tts.db"
"""Where a command that records looks unless it is told."""

_COMPARISON = keys_of(ComparisonSpec)
SettingsKeys: Any = create_model(
    "SettingsKeys",
    __base__=Keys,
    __doc__="The keys of a settings file: defaults of flags, by the names of a recipe.",
    **keys_of(SessionOptions),
    **{name: _COMPARISON[name] for name in COMPARED},
    wallet=(Text, Field(default="none", description="What a whole job may be billed.")),
    ledger=(str, Field(default=LEDGER, description="File or database URL of the ledger.")),
    cost_axis=(str, Field(default="tokens", description="What costs are compared by.")),
)


class Settings(Struct, frozen=True):
    """What a settings file says; without one, nothing."""

    file: str = ""
    """As it is named to people; empty: there is none."""
    values: dict[str, Any] = {}
    """The keys that it gives, checked; paths begin at its folder."""

    def among(self, names: Collection[str]) -> dict[str, Any]:
        """Those keys of `names` that it gives."""
        return {name: value for name, value in self.values.items() if name in names}

    def defaults_of(self, command: Any) -> dict[str, Any]:
        """Ledger and cost axis for a command and all below it, as the argument parser takes them."""
        inner = getattr(command, "commands", None)
        if inner is not None:
            return {name: self.defaults_of(one) for name, one in inner.items()}
        return {
            one.name: self.values[key]
            for one in command.params
            if (key := _settable(one)) and key in self.values
        }


def _settable(parameter: Any) -> str:
    """The key that a parameter's default comes from; empty: from none."""
    if parameter.name == "cost_axis":
        return "cost_axis"
    kept = parameter.default == LEDGER
    return "ledger" if kept or (parameter.name == "ledger" and parameter.default is None) else ""


def settings_of(context: typer.Context) -> Settings:
    """What the command line found as it began."""
    return context.find_object(Settings) or Settings()


def read_settings(folder: Path) -> Settings:
    """Those of the nearest settings file; `BadInput` names file, key and reason in one line."""
    for path, where, content in _found(folder):
        try:
            return Settings(where, _checked(content, where, path.parent))
        except TTSError as error:
            said = " ".join(str(error).split())
            raise BadInput(said if said.startswith(where) else f"{where}: {said}") from error
    return Settings()


def _found(folder: Path) -> Iterator[tuple[Path, str, Any]]:
    """Each settings file from a folder upwards: its path, its name for people, and its keys."""
    for at in (folder, *folder.parents):
        if (own := at / OWN).is_file():
            yield own, str(own), _read(own)
        elif (shared := at / SHARED).is_file() and f"[{TABLE}" in _text(shared):
            tools = _read(shared).get("tool", {})
            if "tts" in tools:
                yield shared, f"{shared} [{TABLE}]", tools["tts"]


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise BadInput(f"{path}: {error.strerror}.") from error


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(_text(path))
    except tomllib.TOMLDecodeError as error:
        raise BadInput(f"{path} is no TOML: {error}.") from error


def _checked(content: Mapping[str, Any], where: str, folder: Path) -> dict[str, Any]:
    keys = checked(SettingsKeys, content, where=where, flags=())
    found = {name: _placed(getattr(keys, name), folder) for name in keys.model_fields_set}
    if "://" not in (ledger := found.get("ledger", "://")):
        found["ledger"] = str(folder / ledger)
    # A key that is not set concerns those who need one: whoever asks for a list does not.
    opened = set(keys_of(SessionOptions)) - {"api_key_env"}
    SessionOptions(**{name: found[name] for name in opened & set(found)})
    if "wallet" in found:
        from tts.engine import parse_ceilings

        _telling("wallet", parse_ceilings, found["wallet"])
    if "cost_axis" in found:
        from tts.eval.report.axes import axis_of

        _telling("cost_axis", axis_of, found["cost_axis"])
    return found


def _placed(value: Any, folder: Path) -> Any:
    return folder / value if isinstance(value, Path) else value


def _telling(key: str, read: Any, text: str) -> None:
    try:
        read(text)
    except TTSError as error:
        raise BadInput(f"{key}: {error}") from error
