"""The rows of a file by model and problem: one pass, texts read for their answers and let go."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from math import ceil

from msgspec import Struct

from tts.answers import task_for
from tts.backends.replay import SampleRow
from tts.values import BYTES_PER_TOKEN, Problem

DEFAULT_TASK = "math"


class Noted(Struct, frozen=True, kw_only=True, gc=False):
    """What is kept of a draw that came."""

    replicate: int
    index: int
    answer: str | None
    read: bool
    """The answer was read in the text, where none was recorded."""
    correct: bool | None
    reference: str | None
    score: float | None
    cut: bool
    size: int
    """Bytes of the text."""
    text: int
    """Its hash: equal texts are scored once."""
    prompt: int | None
    tokens: int | None
    shared: float | None
    score_tokens: int | None
    seconds: float | None
    dollars: float | None


class Gathered:
    """The rows of one model, by problem."""

    def __init__(self, setting: str, task: str) -> None:
        self.setting = setting
        self.task = task_for(task, setting)
        self.problems: dict[str, list[Noted]] = defaultdict(list)
        self.rows = self.failed = 0
        self._prompts: dict[str, int] = {}
        self._asked: dict[str, tuple[int, ...]] = {}

    def add(self, row: SampleRow) -> None:
        """Keep what a row tells; a failed call is counted, and is no draw."""
        self.rows += 1
        name = row.problem_id
        if row.problem and name not in self._asked:
            asked = self.task.render(Problem(id=name, prompt=row.problem))
            self._asked[name] = tuple(size(turn.content) for turn in asked)
        if row.prompt_tokens is not None:
            self._prompts[name] = max(row.prompt_tokens, self._prompts.get(name, 0))
        if row.failed:
            self.failed += 1
            return
        read = row.answer is None and bool(row.completion)
        self.problems[name].append(
            Noted(
                replicate=row.replicate,
                index=row.sample_index,
                answer=self.task.extract(row.completion or "") if read else row.answer,
                read=read,
                correct=row.correct,
                reference=row.reference,
                score=row.score,
                cut=row.finish_reason == "length",
                size=size(row.completion or ""),
                text=hash(row.completion) if row.completion else -len(self.problems[name]),
                prompt=row.prompt_tokens,
                tokens=row.completion_tokens,
                shared=row.shared_tokens,
                score_tokens=row.score_tokens,
                seconds=row.seconds,
                dollars=row.dollars,
            )
        )

    def __iter__(self) -> Iterator[Noted]:
        return (one for group in self.problems.values() for one in group)

    @property
    def graded(self) -> bool:
        """Whether verdicts were recorded: then a draw without one has none, and is not compared."""
        return any(one.correct is not None for one in self)

    @property
    def none_means_none(self) -> bool:
        """Whether a draw without a recorded answer gave none, rather than one that nobody noted:
        where answers and verdicts were recorded and no right draw lacks its answer."""
        told = any(one.answer is not None and not one.read for one in self)
        lacking = any(one.correct and (one.read or one.answer is None) for one in self)
        return told and self.graded and not lacking

    @property
    def no_answers(self) -> bool:
        """Whether the draws state no answers to vote with: code, for example, of which only verdicts
        were recorded, and in which what could be read as an answer is none."""
        if not self.graded or any(one.reference or not one.read for one in self if one.answer):
            return False
        right = [one.answer is not None for one in self if one.correct]
        return sum(right) < len(right) / 2

    def prompt_tokens(self, problem_id: str, bytes_per_token: float) -> int:
        """The largest recorded count of a problem's prompt, else an estimate from its text."""
        if (known := self._prompts.get(problem_id)) is not None:
            return known
        return sum(estimated(turn, bytes_per_token) for turn in self._asked.get(problem_id, ()))


def gather(rows: Iterable[SampleRow], task: str, *, only: str | None = None) -> dict[str, Gathered]:
    """Rows by model, in order of appearance; `only` keeps those of one model."""
    found: dict[str, Gathered] = {}
    for row in rows:
        if only is not None and row.model != only:
            continue
        if row.model not in found:
            found[row.model] = Gathered(row.model, task or row.task or DEFAULT_TASK)
        found[row.model].add(row)
    return found


def size(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode("utf-8", "replace"))


def estimated(bytes_: int, bytes_per_token: float) -> int:
    """Tokens of a text."""
    return max(1, ceil(bytes_ / bytes_per_token))


class Lengths:
    """Completion tokens as recorded; what is missing is estimated from the text by the record's own
    bytes per token, and without a text by the mean of the counts."""

    def __init__(self, found: Iterable[Noted]) -> None:
        bytes_, tokens, total, counted = 0, 0.0, 0, 0
        for one in found:
            count = one.shared if one.tokens is None else one.tokens
            if one.tokens is not None:
                total, counted = total + one.tokens, counted + 1
            if one.size and count:
                bytes_, tokens = bytes_ + one.size, tokens + count
        self.bytes_per_token = bytes_ / tokens if tokens else BYTES_PER_TOKEN
        self._mean = round(total / counted) if counted else 0
        self.counted = bool(counted or tokens)
        """Whether any draw has a count."""

    def of(self, one: Noted) -> int:
        if one.tokens is not None:
            return one.tokens
        if one.shared is not None:
            return max(1, round(one.shared))
        return estimated(one.size, self.bytes_per_token) if one.size else self._mean
