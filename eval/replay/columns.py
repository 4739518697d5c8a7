"""From the rows of a model to its pool: verdicts, classes of equal answers, costs."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from math import nan

import numpy as np
from msgspec.structs import replace

from tts.backends.replay import UnitScale
from tts.equivalence import Equivalence
from tts.errors import BadInput
from tts.eval.replay.gather import Gathered, Lengths, Noted
from tts.eval.replay.pool import NO_VOTE, Draws, Floats, Ints, Pool

DollarsOf = Callable[[str, int, int], float | None]
"""Dollars of a request by model, prompt tokens and completion tokens; None: unknown."""
Notice = Callable[[str, int, int], None]
"""Told before each problem is graded: the model, how many of its problems are done, and of how many."""
_WHOLE = re.compile(r"-?(?:0|[1-9][0-9]{0,14})")
"""Numbers that are the same where they are spelled the same, and nowhere else."""


def quiet(model: str, done: int, of: int) -> None:
    """Tells nobody."""


async def pool_of(
    found: Gathered,
    source: str,
    equivalence: Equivalence,
    dollars_of: DollarsOf,
    notice: Notice = quiet,
) -> Pool:
    """The columns of one model's rows. Raises `BadInput` where no draw can be graded."""
    columns = _Columns(found, equivalence.of(found.task.answers), dollars_of)
    problems, names = list[Draws | None](), [*found.problems]
    for name in names:
        notice(found.setting, len(problems), len(names))
        # What has become columns is let go, so that a file is not held twice.
        problems.append(await columns.draws(name, found.problems.pop(name)))
    kept = tuple(draws for draws in problems if draws is not None)
    if not kept:
        raise BadInput(
            f"{source}: no draw of {found.setting!r} has a verdict (`correct`), or an answer and a"
            " `reference` to compare it with; there is nothing to replay."
        )
    return Pool(
        setting=found.setting,
        source=source,
        task=found.task.name,
        problems=kept,
        notes=tuple(columns.notes(sum(draws.n for draws in kept))),
    )


class _Columns:
    """What all draws of a model share: its lengths, its scale of scores, its kind of verdicts."""

    def __init__(self, found: Gathered, equivalence: Equivalence, dollars_of: DollarsOf) -> None:
        self._found, self._equivalence, self._dollars_of = found, equivalence, dollars_of
        self._lengths = Lengths(found)
        self._unit = UnitScale(one.score for one in found if one.score is not None)
        self._graded, self._strict = found.graded, found.none_means_none
        self._mute = found.no_answers
        self._counts = Counter[str]()

    async def draws(self, problem_id: str, rows: list[Noted]) -> Draws | None:
        """The draws of a problem that have a verdict; None where none has."""
        if self._mute or (self._strict and any(one.read for one in rows)):
            rows = [replace(one, answer=None) if one.read else one for one in rows]
        rows.sort(key=lambda one: (one.replicate, one.index))
        verdicts = [await self._verdict(one) for one in rows]
        kept = [one for one, said in zip(rows, verdicts, strict=True) if said is not None]
        self._count(rows, kept)
        if not kept:
            return None
        asked = self._found.prompt_tokens(problem_id, self._lengths.bytes_per_token)
        prompts = [asked if one.prompt is None else one.prompt for one in kept]
        tokens = [self._lengths.of(one) for one in kept]
        votes = [None if one.cut else one.answer for one in kept]
        costs = [self._dollars(*told) for told in zip(kept, prompts, tokens, strict=True)]
        return Draws(
            problem_id=problem_id,
            classes=np.array(await classes_of(votes, self._equivalence), dtype=np.int64),
            correct=np.array([said for said in verdicts if said is not None], dtype=np.bool_),
            scores=_floats(None if one.score is None else self._unit(one.score) for one in kept),
            finished=np.array([not one.cut for one in kept], dtype=np.bool_),
            answered=np.array([vote is not None for vote in votes], dtype=np.bool_),
            tokens=np.array(tokens, dtype=np.int64),
            texts=np.array([one.text for one in kept], dtype=np.int64),
            score_tokens=_scoring(kept),
            seconds=_floats(one.seconds for one in kept),
            dollars=_floats(costs),
            replicates=np.array([one.replicate for one in kept], dtype=np.int64),
            prompts=np.array(prompts, dtype=np.int64),
        )

    async def _verdict(self, one: Noted) -> bool | None:
        """As recorded; where nothing was, the answer is compared with the reference."""
        if self._graded or one.reference is None:
            return one.correct
        if one.answer is None or one.cut:
            return False if one.size or one.cut else None
        same = one.answer == one.reference
        return same or await self._equivalence.compare(one.answer, one.reference) == "same"

    def _dollars(self, one: Noted, prompt: int, tokens: int) -> float | None:
        """As billed, else by price; without any token count of the model it is unknown."""
        if one.dollars is not None or not self._lengths.counted:
            return one.dollars
        return self._dollars_of(self._found.setting, prompt, tokens)

    def _count(self, rows: Sequence[Noted], kept: Sequence[Noted]) -> None:
        self._counts["ungraded"] += len(rows) - len(kept)
        self._counts["estimated"] += sum(one.tokens is None for one in kept)
        self._counts["scored"] += sum(one.score is not None for one in kept)
        self._counts["mute"] += sum(one.answer is None and not one.size for one in kept)
        self._counts["references"] += len({one.reference for one in kept if one.reference}) > 1

    def notes(self, draws: int) -> Iterable[str]:
        """What is missing from the record, in sentences."""
        counts, of = self._counts, f"of {draws:,} draws"
        if self._found.failed:
            yield f"{self._found.failed:,} calls failed: they are missing draws, not wrong ones."
        if counts["ungraded"]:
            yield f"{counts['ungraded']:,} draws have no verdict and are left out."
        if self._mute:
            yield "The draws state no answers: verdicts grade them, and there is nothing to vote with."
        if counts["mute"]:
            yield f"{counts['mute']:,} {of} have neither text nor answer: they cannot vote."
        if counts["estimated"]:
            yield (
                f"{counts['estimated']:,} {of} have no token count: theirs is estimated, at"
                f" {self._lengths.bytes_per_token:.1f} bytes a token."
            )
        if 0 < counts["scored"] < draws:
            yield f"{draws - counts['scored']:,} {of} have no score: scored draws go before them."
        if counts["references"]:
            yield (
                f"{counts['references']:,} problems come with several references: equal answers"
                " need not mean the same there, so votes say little."
            )


def _scoring(kept: Sequence[Noted]) -> Ints:
    """What scoring each text takes, told by whichever of equal draws was charged for it."""
    if not any(one.score_tokens for one in kept):
        return np.zeros(len(kept), dtype=np.int64)
    most = dict[int, int]()
    for one in kept:
        most[one.text] = max(most.get(one.text, 0), one.score_tokens or 0)
    return np.array([most[one.text] for one in kept], dtype=np.int64)


async def classes_of(votes: Sequence[str | None], equivalence: Equivalence) -> list[int]:
    """Which class of equal answers each vote is for, by order of first appearance."""
    distinct = list(dict.fromkeys(vote for vote in votes if vote is not None))
    named = {vote: place for place, vote in enumerate(distinct)}
    if len(distinct) > 1 and not all(map(_WHOLE.fullmatch, distinct)):
        groups = await equivalence.groups(distinct)
        named = {distinct[at]: place for place, members in enumerate(groups) for at in members}
    return [NO_VOTE if vote is None else named[vote] for vote in votes]


def _floats(values: Iterable[float | None]) -> Floats:
    return np.array([nan if value is None else value for value in values], dtype=np.float64)
