"""One entry to every kind of problem set."""

from __future__ import annotations

import os
import re
from collections.abc import Collection
from difflib import get_close_matches
from pathlib import Path

from msgspec.structs import replace

from tts.errors import BadInput
from tts.eval.problems.arithmetic_set import arithmetic_set
from tts.eval.problems.choose import choose
from tts.eval.problems.file_set import SUFFIXES, file_set
from tts.eval.problems.hub_set import hub_set
from tts.eval.problems.problem_set import ProblemSet
from tts.values import Problem

_REPOSITORY = re.compile(r"[\w.-]+/[\w.-]+")


def load_problem_set(
    source: str | Path,
    *,
    limit: int | None = None,
    seed: int | None = None,
    bins: Collection[int] | None = None,
    task: str = "math",
    skip_bad: bool = False,
    revision: str | None = None,
    asked: str = "",
) -> ProblemSet:
    """Problems of a file, `arithmetic:…`, `replay:FILE[#MODEL]` or a Hugging Face `owner/name`.

    `task` applies to rows that name none; `asked` is the model that will answer, whose rows a
    recorded file is read for. Raises `BadInput` where the source cannot be read.
    """
    if str(source).startswith("replay:"):
        whole = _recorded(str(source), task=task, asked=asked)
    else:
        whole = _read(str(source), task=task, skip_bad=skip_bad, revision=revision)
    return replace(whole, problems=choose(whole.problems, limit=limit, seed=seed, bins=bins))


def load_problems(
    source: str | Path,
    *,
    limit: int | None = None,
    seed: int | None = None,
    bins: Collection[int] | None = None,
) -> list[Problem]:
    """The problems of `load_problem_set`, with no bad row allowed."""
    return list(load_problem_set(source, limit=limit, seed=seed, bins=bins).problems)


def _read(source: str, *, task: str, skip_bad: bool, revision: str | None) -> ProblemSet:
    if source.startswith("arithmetic:"):
        return arithmetic_set(source)
    path = Path(source)
    if os.path.isdir(path):
        raise BadInput(f"{source} is a folder: name one file in it.")
    if os.path.exists(path) or source.lower().removesuffix(".gz").endswith(SUFFIXES):
        return file_set(path, task=task, skip_bad=skip_bad)
    if _REPOSITORY.fullmatch(source):
        return hub_set(source, revision=revision, task=task, skip_bad=skip_bad)
    near = get_close_matches(source.partition(":")[0], ("arithmetic", "replay"), n=1)
    hint = f"did you mean {near[0]}:{source.partition(':')[2]}? A" if near else "a"
    raise BadInput(
        f"{source}: no such file; {hint} JSON Lines or CSV file, arithmetic:N, replay:FILE "
        "or a Hugging Face owner/name is needed."
    )


def _recorded(source: str, *, task: str, asked: str) -> ProblemSet:
    from tts.backends.replay import replay_problems

    problems = tuple(replay_problems(source, asked=asked, task=task))
    return ProblemSet(source=source, problems=problems)
