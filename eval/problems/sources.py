"""One entry to every kind of problem set: files, hosted sets, recorded runs, generated ones."""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Mapping
from difflib import get_close_matches
from importlib.resources import as_file, files
from pathlib import Path
from typing import Protocol

from msgspec.structs import replace

from tts.errors import BadInput
from tts.eval.problems.code_sets import CODE_SETS, code_set
from tts.eval.problems.contests import contest_set
from tts.eval.problems.generated import GENERATED, generated_set, is_generated
from tts.eval.problems.hosted import Fetch, HubSource, fetch_rows
from tts.eval.problems.inspect_set import INSPECT, inspect_set
from tts.eval.problems.lm_eval import LM_EVAL, lm_eval_set
from tts.eval.problems.problem_set import ProblemSet, choose
from tts.eval.problems.puzzles import puzzle_set
from tts.eval.problems.record import collect
from tts.eval.problems.rows import array_rows, csv_rows, json_rows
from tts.eval.spec import ComparisonSpec
from tts.eval.swe.names import SWE, SWE_MINI
from tts.values import Problem


class ReadPrograms(Protocol):
    """Reads a file of such a set; raises `BadInput` as `file:line: reason`."""

    def __call__(self, path: Path, /, *, skip_bad: bool = False) -> ProblemSet: ...


_REPOSITORY = re.compile(r"[\w.-]+/[\w.-]+")
READERS = {".jsonl": json_rows, ".ndjson": json_rows, ".json": array_rows, ".csv": csv_rows}
SUFFIXES = tuple(READERS)
PROGRAM_SETS: Mapping[str, ReadPrograms] = {"p3": puzzle_set, "livecodebench": contest_set}
"""Sets of programs with a form of their own."""


class ReadForeign(Protocol):
    """Reads another program's file of questions; raises `BadInput`."""

    def __call__(
        self, path: Path, /, *, task: str = "math", skip_bad: bool = False
    ) -> ProblemSet: ...


FOREIGN: Mapping[str, ReadForeign] = {LM_EVAL: lm_eval_set, INSPECT: inspect_set}
"""By the word before the colon."""
SHORT_TEXTS = "short_texts"
"""The set that is shipped as a file."""


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
    """Problems of a file, `arithmetic:…`, `steps:…`, `countdown:…`, `facts:…`, `replay:FILE[#MODEL]`,
    `lm-eval:FILE`, `inspect:FILE` or a Hugging Face `owner/name`.

    `task` applies to rows that name none; `asked` is the model that will answer, whose rows a
    recorded file is read for. Raises `BadInput` where the source cannot be read.
    """
    if str(source).startswith("replay:"):
        whole = _recorded(str(source), task=task, asked=asked)
    else:
        whole = _read(str(source), task=task, skip_bad=skip_bad, revision=revision)
    return replace(whole, problems=choose(whole.problems, limit=limit, seed=seed, bins=bins))


def problems_of(spec: ComparisonSpec) -> ProblemSet:
    """The problems that a comparison names, as `load_problem_set`."""
    return load_problem_set(
        spec.problems,
        limit=spec.limit,
        seed=spec.seed,
        bins=spec.bins or None,
        task=spec.task,
        skip_bad=spec.skip_bad,
        revision=spec.revision,
        asked=str(spec.options.model),
    )


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
    if is_generated(source):
        return generated_set(source)
    if source == SHORT_TEXTS:
        return short_texts()
    if source == SWE_MINI or source.startswith(SWE):
        from tts.eval.problems.repositories import repository_set  # it reads rows as this does

        return repository_set(source)
    path = Path(source)
    kind, _, file = source.partition(":")
    if kind in FOREIGN:
        return FOREIGN[kind](Path(file), task=task, skip_bad=skip_bad)
    for name in CODE_SETS:
        if kind == name:
            return code_set(name, Path(file), skip_bad=skip_bad)
    if kind in PROGRAM_SETS:
        return PROGRAM_SETS[kind](Path(file), skip_bad=skip_bad)
    if os.path.isdir(path):
        raise BadInput(f"{source} is a folder: name one file in it.")
    if os.path.exists(path) or source.lower().removesuffix(".gz").endswith(SUFFIXES):
        return file_set(path, task=task, skip_bad=skip_bad)
    if _REPOSITORY.fullmatch(source):
        return hub_set(source, revision=revision, task=task, skip_bad=skip_bad)
    known = (
        *GENERATED,
        *CODE_SETS,
        *PROGRAM_SETS,
        *FOREIGN,
        "replay",
        "swe",
        SWE_MINI,
        SHORT_TEXTS,
    )
    near = get_close_matches(source.partition(":")[0], known, n=1)
    hint = f"did you mean {near[0]}:{source.partition(':')[2]}? A" if near else "a"
    raise BadInput(
        f"{source}: no such file; {hint} JSON Lines or CSV file, "
        f"{', '.join(f'{name}:N' for name in GENERATED)}, {SHORT_TEXTS}, "
        f"{', '.join(f'{name}:FILE' for name in (*CODE_SETS, *PROGRAM_SETS, *FOREIGN))}, "
        f"{SWE_MINI}, swe:FILE, replay:FILE or a Hugging Face owner/name is needed."
    )


def _recorded(source: str, *, task: str, asked: str) -> ProblemSet:
    from tts.backends.replay import replay_problems

    problems = tuple(replay_problems(source, asked=asked, task=task))
    return ProblemSet(source=source, problems=problems)


def short_texts() -> ProblemSet:
    """152 questions of our own that a very small language model sometimes answers: sums of one
    step, choices among four, short passages, and sentences to instructions, as bins 1 to 4.

    The answers of bins 1 to 3 are numbers, since such a model answers in sentences whatever it is
    asked for. Each row has what a program can check of its question (`instructions`): of bin 4 that
    is all, of the others what a right answer keeps to and a wrong one may."""
    with as_file(files("tts.eval.problems").joinpath(f"{SHORT_TEXTS}.jsonl")) as path:
        return replace(file_set(path), source=SHORT_TEXTS)


def file_set(path: Path, *, task: str = "math", skip_bad: bool = False) -> ProblemSet:
    """Read a JSON Lines, JSON array or CSV file, gzipped or not; `BadInput` as `file:line: reason`."""
    name = path.name.removesuffix(".gz")
    suffix = Path(name).suffix.lower()
    if suffix not in SUFFIXES:
        raise BadInput(f"{path}:1: one of {', '.join(SUFFIXES)} (or with .gz) is needed.")
    stem = name.removesuffix(Path(name).suffix)
    return collect(READERS[suffix](path), source=str(path), stem=stem, task=task, skip_bad=skip_bad)


KNOWN: tuple[HubSource, ...] = (
    HubSource(repository="HuggingFaceH4/MATH-500"),
    HubSource(repository="openai/gsm8k", config="main"),
    HubSource(repository="HuggingFaceH4/aime_2024", split="train"),
    HubSource(repository="math-ai/aime25"),
)
"""MATH-500 (Lightman et al. 2023), GSM8K (Cobbe et al. 2021), AIME 2024 and 2025."""


def hub_set(
    repository: str,
    *,
    revision: str | None = None,
    task: str = "math",
    skip_bad: bool = False,
    fetch: Fetch = fetch_rows,
) -> ProblemSet:
    """The test part of a hosted set, at a pinned commit where `revision` is given.

    An unknown repository is read as its default config's `test` split. Raises `BadInput` where
    the extra is missing or the Hub cannot be reached.
    """
    known = {source.repository.lower(): source for source in KNOWN}
    source = known.get(repository.lower(), HubSource(repository=repository))
    try:
        rows = [(line, dict(row)) for line, row in enumerate(fetch(source, revision), start=1)]
    except BadInput:
        raise
    except Exception as error:
        raise BadInput(
            f"{repository}: cannot be fetched ({type(error).__name__}: {str(error)[:300]}); "
            "without a network, pass a local JSON Lines or CSV file instead."
        ) from error
    stem = repository.rpartition("/")[2].lower()
    return collect(
        rows, source=repository, stem=stem, task=task, skip_bad=skip_bad, revision=revision
    )
