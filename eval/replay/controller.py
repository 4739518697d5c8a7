"""A stop rule of one's own: a file with a function `stops`."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import get_args

from tts.errors import BadInput, described
from tts.eval.replay.plan import MOST, Plan
from tts.strategies.parts.select import Choice
from tts.strategies.parts.stopping import Seen


class Controller:
    """Asks a function of a user's file; what it raises is told with its line."""

    def __init__(self, path: Path, function: Callable[[Seen], object]) -> None:
        self._path, self._function = path, function

    def stops(self, seen: Seen) -> bool:
        try:
            said = self._function(seen)
        except Exception as error:  # whatever the file does
            raise BadInput(f"{_where(self._path, error)}: {described(error)}.") from error
        if said not in (True, False):
            raise BadInput(f"{self._path}: `stops` gave {said!r}; it says True or False.")
        return bool(said)


def controller(path: Path) -> Plan:
    """The plan of a file that defines `stops(seen) -> bool`.

    It may also set `n` (most draws, 1,000 unless set), `batch` (draws between two questions, 1) and
    `choice` (`majority`, `best` or `weighted`; `majority`). Raises `BadInput` in one sentence.
    """
    module = _loaded(path)
    function = getattr(module, "stops", None)
    if not callable(function):
        raise BadInput(f"{path}: defines no function `stops(seen)`.")
    n, batch = (
        _count(path, module, name, default) for name, default in (("n", MOST), ("batch", 1))
    )
    choice: Choice = getattr(module, "choice", "majority")
    if choice not in get_args(Choice):
        known = ", ".join(get_args(Choice))
        raise BadInput(f"{path}: `choice` is one of {known}, not {choice!r}.")
    rule = Controller(path, function)
    return Plan(label=path.stem, n=n, batch=batch, rule=rule, choice=choice)


def _loaded(path: Path) -> ModuleType:
    spec = spec_from_file_location(f"tts_controller_{path.stem}", path)
    if spec is None or spec.loader is None or not path.is_file():
        raise BadInput(f"{path}: is no Python file.")
    module = module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:  # whatever the file does
        raise BadInput(f"{_where(path, error)}: {described(error)}.") from error
    return module


def _where(path: Path, error: BaseException) -> str:
    """The file, and the line of it at which something went wrong."""
    if isinstance(error, SyntaxError):
        return f"{path}:{error.lineno}"
    frames = traceback.extract_tb(error.__traceback__)
    lines = [frame.lineno for frame in frames if frame.filename == str(path)]
    return f"{path}:{lines[-1]}" if lines else str(path)


def _count(path: Path, module: ModuleType, name: str, default: int) -> int:
    value = getattr(module, name, default)
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise BadInput(f"{path}: `{name}` is a whole number of at least 1, not {value!r}.")
    return value
