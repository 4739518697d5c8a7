"""Recorded answers for a policy of questions, from the ledger of a comparison."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Literal, get_args

from tts.answers import normalised
from tts.engine import parse_strategy, spell_strategy
from tts.errors import BadInput
from tts.eval.allocate.question_policy import Recorded
from tts.eval.metrics.text_answers import references_of
from tts.eval.recorded import Labels, columns_of, labels_of, read
from tts.ledger import decode_result
from tts.protocols import RunRow
from tts.strategies.retrieval.confidence import Said
from tts.values import OPEN, Problem

Way = Literal["closed", "read", "hops"]
WAYS: tuple[Way, ...] = get_args(Way)
NAMES: Mapping[Way, Collection[str]] = {
    "closed": ("zero_shot_qa", "many_shot_qa"),
    "read": ("rag", "drag"),
    "hops": ("iterdrag", "hop_graph"),
}
"""Strategies that answer from nothing, from documents in one call, and from further questions."""


def recorded_answers(place: Path, job: str = "", ways: Sequence[str] = ()) -> list[Recorded]:
    """What three strategies of a job answered, question by question.

    `ways`: they, from nothing, from documents and from hops; empty: the only ones of their kinds.
    What asking all of them decides for is their vote, of equals the dearest, as in `adaptive_rag`.
    Questions without a right answer, and those that some strategy has not ended, are left out.
    Raises `BadInput` where a kind is missing or is not told from another of its own.
    """
    found = read(place, job)
    columns = columns_of(found)
    labels = [
        _column(columns, way, asked)
        for way, asked in zip(WAYS, ways or [""] * len(WAYS), strict=True)
    ]
    rows = {(labels_of(row), row.problem_id): row for row in found.runs if row.replicate == 0}
    answers = [
        (problem, [_said(rows.get((label, problem.id)), problem) for label in labels])
        for problem in found.problems
        if problem.answer is not None
    ]
    whole = [_recorded(problem, said) for problem, said in answers if None not in said]
    if not whole:
        names = ", ".join(strategy for strategy, _ in labels)
        raise BadInput(f"{place}: no question with a right answer was answered by each of {names}.")
    return whole


def _column(columns: Sequence[Labels], way: Way, asked: str) -> Labels:
    """The only column of a kind, or of the strategy that is asked for."""
    wanted = spell_strategy(parse_strategy(asked)) if asked else ""
    own = [
        (strategy, budget)
        for strategy, budget in columns
        if (strategy == wanted if wanted else strategy.partition("(")[0] in NAMES[way])
    ]
    if len(own) == 1:
        return own[0]
    kind = wanted or " or ".join(NAMES[way])
    there = ", ".join(" under ".join(filter(None, one)) for one in own) or "none"
    raise BadInput(
        f"One column of {kind} is needed, and there are: {there}. Name three of one budget: "
        '--ways "zero_shot_qa, rag(k=10), iterdrag(k=5)".'
    )


def _said(row: RunRow | None, problem: Problem) -> Said | None:
    """None where the run has not ended in order."""
    if row is None or row.result is None or row.stopped_by in (*OPEN, "failed"):
        return None
    result = decode_result(row.result, problem)
    chosen = result.candidate
    return Said(result.answer, chosen.mean_logprob if chosen else None)


def _recorded(problem: Problem, answers: Sequence[Said | None]) -> Recorded:
    closed, read_, hops = (one or Said(None) for one in answers)
    return Recorded(
        closed=closed,
        read=read_,
        hops=hops,
        chosen=_voted((closed, read_, hops)),
        references=references_of(problem),
    )


def _voted(answers: Sequence[Said]) -> Said:
    """The answer that most say, of equals the last."""
    told = [normalised(one.answer or "") for one in answers]
    best = max(range(len(answers)), key=lambda at: (bool(told[at]), told.count(told[at]), at))
    return answers[best]
