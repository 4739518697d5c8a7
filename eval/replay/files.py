"""Files of recorded draws to pools: which model, which task, which prices."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct
from msgspec.structs import replace

from tts.answers import TASKS
from tts.backends.replay import split_source
from tts.budget import PriceTable
from tts.equivalence import Equivalence
from tts.errors import BadInput, UnknownName
from tts.eval.replay.columns import DollarsOf, Notice, pool_of, quiet
from tts.eval.replay.gather import Gathered, gather
from tts.eval.replay.importers import Fields, import_rows
from tts.eval.replay.importers.read import NO_FIELDS
from tts.eval.replay.pool import Pool
from tts.values import NANO, Problem, Usage


class Held(Struct, frozen=True):
    """What a file holds of the models that were asked for, before anything of it is graded."""

    path: str
    models: tuple[Gathered, ...]
    notes: tuple[str, ...]


async def read_rows(
    source: str,
    *,
    task: str = "",
    problems: Sequence[Problem] = (),
    fields: Fields = NO_FIELDS,
) -> Held:
    """The rows of `FILE` by model, or of `FILE#MODEL` those of that one.

    `problems` give texts and references to rows that lack them, `fields` the file's names.

    Raises `BadInput` for a file that cannot be read, `UnknownName` for a model or a task that is
    not there.
    """
    path, model = split_source(source)
    imported = await import_rows(path, problems, fields)
    found = gather(imported.rows, task)
    if not found:
        raise BadInput(f"{path} holds no samples.")
    if model is not None and model not in found:
        raise UnknownName("model", model, found)
    wanted = [model] if model is not None else list(found)
    return Held(str(path), tuple(found[name] for name in wanted), tuple(imported.notes))


async def graded_pools(
    held: Held, *, dollars_of: DollarsOf, equivalence: Equivalence, notice: Notice = quiet
) -> list[Pool]:
    """A pool for each model of a file; its rows are let go. Raises `BadInput` where nothing of it
    can be graded."""
    pools = [
        await pool_of(found, held.path, equivalence, dollars_of, notice) for found in held.models
    ]
    told = held.notes
    return [replace(pool, notes=(*told, *pool.notes)) for pool in pools] if told else pools


def tasks_of(sources: Sequence[str], told: Sequence[str]) -> dict[str, str]:
    """The task of each source, empty where its rows may tell: `NAME` for all, `FILE=NAME` for one of them, by path or name."""
    found = dict.fromkeys(sources, "")
    for text in told:
        file, equals, name = text.rpartition("=")
        if name not in TASKS:
            raise UnknownName("task", name, TASKS, flag="--task")
        chosen = [one for one in sources if not equals or file in _names(one)]
        if not chosen:
            raise BadInput(f"--task {text}: no file {file!r} is replayed.")
        found |= dict.fromkeys(chosen, name)
    return found


def _names(source: str) -> tuple[str, ...]:
    path, _ = split_source(source)
    return source, str(path), path.name


def prices_of(table: PriceTable) -> DollarsOf:
    """What a table says of a model; of `name|effort` what it says of the name."""

    def dollars(model: str, prompt: int, completion: int) -> float | None:
        name = model.partition("|")[0]
        if table.price_of(name) is None:
            return None
        usage = Usage(calls=1, prompt_tokens=prompt, completion_tokens=completion)
        cost = table.cost(name, usage)
        return None if cost is None else cost / NANO

    return dollars
