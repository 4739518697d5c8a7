"""The draws of a recorded job as rows: one flat pool, whatever strategies drew them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from msgspec import Struct

from tts.engine import spell_recorded
from tts.equivalence import Equivalence
from tts.errors import BadInput
from tts.eval.attempts import grade
from tts.eval.grading import grading
from tts.eval.recorded import Recorded, read
from tts.eval.replay.importers.pooled import Pooled, Record
from tts.eval.trace.read import reading
from tts.ledger import decode_result
from tts.ledger.export import EXPORTED, chunks
from tts.ledger.reader import Reader
from tts.protocols import CallRow, RunRow, UseRow
from tts.values import NANO, Kept, Problem


async def ledger_rows(place: str | Path, job: str = "") -> Pooled:
    """Every whole draw that a run of the job kept, once, with its verdict, scores and costs.

    Draws that strategies shared are one row. Strategies that drew under other settings than the
    others (a greedy `single` beside votes) have a model of their own, `model|strategy`. `job` may
    be empty where the ledger holds one alone. Raises `BadInput`, `UnknownName` or `LedgerError`;
    also where the draws were recorded before: repeats would hold each of them again.
    """
    found = read(place, job)
    if not found.kept:
        raise BadInput(f"{place}: the problems are not in this ledger, so nothing can be graded.")
    seconds = latencies(place, found.job)
    draws = _Draws()
    with reading(place, found.job) as reader:
        by_problem = defaultdict[str, list[RunRow]](list)
        for run in found.runs:
            by_problem[run.problem_id].append(run)
        for problem in found.problems:
            draws.add(problem, by_problem[problem.id], reader, seconds)
    draws.drop_steps()
    if not draws.found:
        raise BadInput(f"{place}: job {found.job!r} holds no whole draw that a run kept.")
    if any(one.kept.candidate.recorded is not None for one in draws.found.values()):
        raise BadInput(
            f"{place}: job {found.job!r} drew from recorded samples, the same ones in every repeat;"
            " replay their file itself, which has the verdicts."
        )
    async with grading(place) as equivalence:
        verdicts = {one.key: await _verdict(one, equivalence) for one in draws.found.values()}
    return Pooled(list(draws.rows(verdicts, found)), tuple(draws.notes()))


def latencies(place: str | Path, job: str) -> dict[str, float]:
    """Seconds of the attempt that answered, by the key of its call."""
    return {
        row["key"]: row["latency_s"]
        for part in chunks(place, EXPORTED["attempts"], job)
        for row in part
        if row["state"] == "settled" and not row["error"]
    }


class Draw(Struct, frozen=True, kw_only=True):
    """One whole draw, with what its use was charged."""

    key: str
    problem: Problem
    replicate: int
    strategy: str
    kept: Kept
    call: CallRow
    use: UseRow
    seconds: float | None


class _Draws:
    """Collects draws by key; strategies that share a draw draw alike."""

    def __init__(self) -> None:
        self.found: dict[str, Draw] = {}
        self._scores: dict[str, tuple[float, int]] = {}
        """By key: a verifier's value, and the tokens of scoring."""
        self._alike: dict[str, str] = {}
        self._stepwise: set[str] = set()
        """Strategies that continue what they drew: their draws are steps."""

    def add(
        self, problem: Problem, runs: Iterable[RunRow], reader: Reader, seconds: Mapping[str, float]
    ) -> None:
        """The draws of a problem's runs."""
        calls = {call.key: call for call in reader.calls(problem.id)}
        for run in runs:
            if run.result is None:
                continue
            strategy = spell_recorded(run.strategy)
            self._alike.setdefault(strategy, strategy)
            uses = reader.uses(run.run_id)
            drawn = {use.key: use for use in uses if use.role == "sample"}
            scoring = _scoring(uses)
            for kept in decode_result(run.result, problem, calls.get).candidates:
                key = kept.candidate.key
                if kept.candidate.parent is not None:
                    self._stepwise.add(strategy)
                if key not in drawn or key not in calls:
                    continue
                if kept.score is not None:
                    self._scores[key] = kept.score.value, scoring.get(drawn[key].node, 0)
                if key in self.found:
                    self._join(strategy, self.found[key].strategy)
                    continue
                self.found[key] = Draw(
                    key=key,
                    problem=problem,
                    replicate=run.replicate,
                    strategy=strategy,
                    kept=kept,
                    call=calls[key],
                    use=drawn[key],
                    seconds=seconds.get(key),
                )

    def drop_steps(self) -> None:
        """Leave out what is no whole draw."""
        for key, draw in list(self.found.items()):
            if draw.strategy in self._stepwise:
                del self.found[key]

    def _join(self, one: str, other: str) -> None:
        first, second = self._head(one), self._head(other)
        self._alike[first] = second

    def _head(self, name: str) -> str:
        while self._alike[name] != name:
            name = self._alike[name]
        return name

    def rows(self, verdicts: Mapping[str, bool | None], found: Recorded) -> Iterator[Record]:
        """In order of problems, models, repeats and places among equal draws."""
        heads = defaultdict[str, int](int)
        for draw in self.found.values():
            heads[self._head(draw.strategy)] += 1
        main = max(heads, key=heads.__getitem__)
        places = {problem.id: at for at, problem in enumerate(found.problems)}
        ordered = sorted(
            self.found.values(),
            key=lambda d: (places[d.problem.id], self._head(d.strategy), d.replicate, d.call.index),
        )
        index = defaultdict[tuple[str, str], int](int)
        for draw in ordered:
            head = self._head(draw.strategy)
            model = draw.call.model if head == main else f"{draw.call.model}|{head}"
            place = index[draw.problem.id, model]
            index[draw.problem.id, model] += 1
            yield _row(draw, model, place, verdicts[draw.key], self._scores.get(draw.key))

    def notes(self) -> Iterator[str]:
        for strategy in sorted(self._stepwise):
            yield (
                f"{strategy} continues what it drew: its candidates are no whole draws, and stand"
                " in the ledger's table `candidates` alone."
            )


def _scoring(uses: Iterable[UseRow]) -> dict[str, int]:
    """By node of a draw: tokens of the calls that judged it."""
    found = defaultdict[str, int](int)
    for use in uses:
        if use.role != "sample":
            for node in filter(None, use.inputs.split(",")):
                found[node] += use.attributed.tokens
    return found


async def _verdict(draw: Draw, equivalence: Equivalence) -> bool | None:
    return (await grade(draw.kept.candidate.answer, draw.problem, equivalence)).correct


def _row(
    draw: Draw, model: str, place: int, correct: bool | None, score: tuple[float, int] | None
) -> Record:
    candidate, spent, problem = draw.kept.candidate, draw.use.attributed, draw.problem
    dollars = None if spent.nanodollars is None else spent.nanodollars / NANO
    return {
        "problem_id": problem.id,
        "problem": problem.prompt,
        "reference": problem.answer,
        "task": problem.task,
        "level": problem.difficulty_bin,
        "model": model,
        "sample_index": place,
        "replicate": draw.replicate,
        "completion": candidate.text,
        "answer": candidate.answer,
        "correct": correct,
        "finish_reason": candidate.finish_reason,
        "prompt_tokens": spent.prompt_tokens,
        "completion_tokens": spent.completion_tokens,
        "reasoning_tokens": spent.reasoning_tokens,
        "score": score[0] if score else None,
        "score_tokens": score[1] if score else None,
        "seconds": draw.seconds,
        "dollars": dollars,
    }
