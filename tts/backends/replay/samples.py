"""The recorded draws of each problem, in any replicate's order, and their scores."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from functools import lru_cache
from math import exp
from random import Random

from tts.backends.replay.row import SampleRow
from tts.errors import BadRequest
from tts.values import Candidate, Message

WIDE = 16.0
"""Raw scores beyond it are scaled down to it: the logistic function tells larger ones apart no
more."""


class RecordedSamples:
    """Samples of one model, found by the problem that a prompt asks about.

    A replicate is an order of each problem's samples without repetition: replicate 0 the recorded
    one, every other a permutation that (replicate, problem id) alone determine.
    """

    def __init__(self, rows: Iterable[SampleRow]) -> None:
        self.rows = tuple(rows)
        self.by_problem: dict[str, list[int]] = defaultdict(list)
        """Places of the rows of each problem, in order of their index."""
        self._texts: dict[str, set[str]] = defaultdict(set)
        self._ids: dict[str, dict[str, None]] = defaultdict(dict)
        self._found: dict[tuple[str, str], tuple[str, ...]] = {}
        plain: dict[str, str] = {}
        for place in sorted(range(len(self.rows)), key=lambda at: self.rows[at].sample_index):
            row = self.rows[place]
            self.by_problem[row.problem_id].append(place)
            if row.problem:
                text = plain.get(row.problem) or plain.setdefault(row.problem, _plain(row.problem))
                self._texts[row.problem_id].add(text)
                self._ids[text][row.problem_id] = None

    def place(self, problem_id: str, index: int, replicate: int) -> int:
        """Where the draw of that index stands; `BadRequest` where so many were not recorded, in words
        that all draws of like problems share, since reasons are counted."""
        recorded = self.by_problem[problem_id]
        if not 0 <= index < len(recorded):
            raise BadRequest(
                f"More draws of the problem were asked for than the {len(recorded)} recorded."
            )
        return recorded[order(problem_id, len(recorded), replicate)[index]]

    def problem_of(self, messages: Sequence[Message], problem_id: str = "") -> str:
        """Id of the problem that the messages put.

        By the id where its text is asked for, otherwise by the text alone: the longest recorded
        text in the last user's turn, or, where the asker names no problem, that turn itself.
        Raises `BadRequest` where none fits, or several do.
        """
        found = self.problems_of(messages, problem_id)
        asked = _asked(messages)
        if len(found) == 0 or (not problem_id and _plain(asked) not in self._ids):
            raise BadRequest(
                f"No recorded problem is asked for in {asked[:80]!r}; recorded samples answer the"
                " problems of their file and nothing else."
            )
        if len(found) > 1:
            raise BadRequest(
                f"Problems {', '.join(map(repr, found))} were recorded with the same text: take"
                " the problems from the recorded file, which has their ids."
            )
        return found[0]

    def problems_of(self, messages: Sequence[Message], problem_id: str = "") -> tuple[str, ...]:
        """Ids of the problems that the messages may put."""
        asked = _asked(messages)
        if (asked, problem_id) not in self._found:
            self._found[asked, problem_id] = self._search(_plain(asked), problem_id)
        return self._found[asked, problem_id]

    def _search(self, asked: str, problem_id: str) -> tuple[str, ...]:
        texts = self._texts.get(problem_id, set())
        if problem_id in self.by_problem and (not texts or any(text in asked for text in texts)):
            return (problem_id,)
        if asked in self._ids:
            return tuple(self._ids[asked])
        held = max((text for text in self._ids if text in asked), key=len, default="")
        return tuple(self._ids[held]) if held else ()


def _asked(messages: Sequence[Message]) -> str:
    return next((turn.content for turn in reversed(messages) if turn.role == "user"), "")


def _plain(text: str) -> str:
    """A text with every run of white space as one space."""
    return " ".join(text.split())


@lru_cache(maxsize=4096)
def order(problem_id: str, count: int, replicate: int) -> tuple[int, ...]:
    """Which recorded sample each draw index of a replicate is.

    The first draws of `count` replicates in a row are all the samples, each once, so that single
    draws over that many repeats have the exact mean; the others follow at random.
    """
    if not replicate or not count:
        return tuple(range(count))
    turn, place = divmod(replicate, count)
    firsts = list(range(count))
    if turn:
        Random(f"first:{turn}:{problem_id}").shuffle(firsts)
    rest = [sample for sample in range(count) if sample != firsts[place]]
    Random(f"{replicate}:{problem_id}").shuffle(rest)
    return (firsts[place], *rest)


class UnitScale:
    """Maps scores to 0…1: those within it stay, raw outputs of any other range go through the
    logistic function, which keeps their order."""

    def __init__(self, scores: Iterable[float]) -> None:
        known = list(scores)
        self._unit = all(0 <= score <= 1 for score in known)
        self._scale = max(1.0, max(map(abs, known), default=0.0) / WIDE)

    def __call__(self, raw: float) -> float:
        return raw if self._unit else 1 / (1 + exp(-raw / self._scale))


class RecordedScores:
    """Looks up what a reward model once said of a draw, or of a text that equals a recorded one."""

    def __init__(self, rows: Sequence[SampleRow]) -> None:
        self._rows = rows
        scores = [row.score for row in rows if row.score is not None]
        self.count = len(scores)
        """How many draws have a score."""
        self._scaled = UnitScale(scores)
        self._by_text = {
            (row.problem_id, row.completion): row.score
            for row in rows
            if row.completion is not None and row.score is not None
        }

    def score_of(self, candidate: Candidate) -> float | None:
        """The score in 0…1; None where there is none."""
        recorded = candidate.recorded
        raw = (
            self._by_text.get((candidate.problem.id, candidate.text))
            if recorded is None
            else self._rows[recorded.row].score
        )
        return None if raw is None else self._scaled(raw)
