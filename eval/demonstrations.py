"""Demonstrations made by running the loop on training questions, and how many of them pay."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from statistics import fmean
from typing import Any, Literal

from msgspec import Struct
from msgspec.structs import replace

from tts.answers import normalised, token_f1
from tts.engine import Engine
from tts.errors import UsageError
from tts.eval.metrics.text_answers import references_of, text_score
from tts.eval.run_comparison import first_error
from tts.eval.statistics import Estimate, paired_interval
from tts.strategies import IterDRAG
from tts.strategies.retrieval.iterdrag import hop_lines
from tts.strategies.retrieval.prompts import block
from tts.strategies.retrieval.self_ask import Line, read_line
from tts.values import Budget, Candidate, Demonstration, Document, Hop, Message, Problem, Result

SAME = 0.8
"""Token F1 from which on two questions of one answer are taken for one."""
AT_ONCE = 16
SUPPORT = ("support", "supporting_titles", "gold")
"""Fields of a problem's row that name what its answer rests on: ids or titles of documents."""
Left = Literal["leaked", "wrong", "unsupported", "failed"]
"""Why a question gave no demonstration: it stands in the test set, its answer was wrong, not all of
what it rests on was found, or its run did not end."""


class Made(Struct, frozen=True, kw_only=True):
    """A demonstration with what it costs in a prompt."""

    shown: Demonstration
    tokens: int
    """Of its block, its documents included."""
    recall: float | None
    """Of what its answer rests on; None: its row does not say."""


class Foundry(Struct, frozen=True, kw_only=True):
    """What came of the training questions."""

    made: tuple[Made, ...]
    """The cheapest first, those of one number of hops in turn with those of others."""
    left: dict[Left, int]
    unchecked: int
    """Demonstrations whose rows name no support."""


class Judged(Struct, frozen=True, kw_only=True):
    """So many demonstrations on questions that made none of them."""

    m: int
    score: float
    """Share of exact matches."""
    tokens: float
    """Prompt tokens of a question, in all its calls."""
    gain: Estimate | None = None
    """Of score over the number before, paired."""


def leaks(problem: Problem, test: Sequence[Problem]) -> str | None:
    """The id of a test question that is the same in its words, or nearly and with the same answer;
    None where there is none. Questions of one pattern about other names are others."""
    own, answers = normalised(problem.prompt), set(map(normalised, references_of(problem)))
    for one in test:
        other = normalised(one.prompt)
        if sorted(own.split()) == sorted(other.split()):
            return one.id
        nearly = token_f1(own, other) >= SAME
        if nearly and not answers.isdisjoint(map(normalised, references_of(one))):
            return one.id
    return None


async def make_demonstrations(
    engine: Engine,
    problems: Sequence[Problem],
    *,
    strategy: IterDRAG,
    test: Sequence[Problem] = (),
    budget: Budget | None = None,
) -> Foundry:
    """Run the loop on each question; keep it where the answer is right and its support was found.

    A question that is nearly one of `test` is left out before anything is paid for it. Raises
    `UsageError` where a question has no answer, or the engine no corpus.
    """
    for one in problems:
        if not references_of(one):
            raise UsageError(f"Question {one.id!r} has no answer: nothing can be told right.")
    if (await engine.session()).retrieval is None:
        raise UsageError("Demonstrations are made from documents: give the engine a corpus.")
    fresh = [one for one in problems if leaks(one, test) is None]
    room = asyncio.Semaphore(AT_ONCE)

    async def tried(problem: Problem) -> Made | Left:
        async with room:
            result = await engine.solve(problem, strategy=strategy, budget=budget)
            return await _kept(engine, problem, result, strategy.k)

    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(tried(one)) for one in fresh]
    except BaseExceptionGroup as several:
        raise first_error(several) from several
    ended: list[Made | Left] = [task.result() for task in tasks]
    made = [one for one in ended if isinstance(one, Made)]
    reasons: list[Left] = [one for one in ended if not isinstance(one, Made)]
    left: dict[Left, int] = {one: reasons.count(one) for one in reasons}
    if leaked := len(problems) - len(fresh):
        left["leaked"] = leaked
    return Foundry(
        made=tuple(in_turn(made)),
        left=left,
        unchecked=sum(one.recall is None for one in made),
    )


async def _kept(engine: Engine, problem: Problem, result: Result, k: int) -> Made | Left:
    if result.candidate is None or result.stopped_by in ("failed", "outage", "suspended"):
        return "failed"
    if not text_score(result.answer, references_of(problem)).em:
        return "wrong"
    hops = hops_of(result.candidate, problem)
    documents = await _documents(engine, [problem.prompt, *(hop.question for hop in hops)], k)
    recall = _recall(problem, documents)
    if recall is not None and recall < 1:
        return "unsupported"
    shown = Demonstration(question=problem.prompt, answer=result.answer or "", hops=hops)
    return Made(shown=shown, tokens=await _tokens(engine, shown, documents), recall=recall)


def hops_of(candidate: Candidate, problem: Problem) -> tuple[Hop, ...]:
    """The sub-questions and answers that stand behind the question in its last prompt."""
    told = "\n".join(message.content for message in candidate.messages)
    behind = told.rpartition(f"Question: {problem.prompt.strip()}")[2]
    lines = (read_line(line, ("follow_up", "intermediate")) for line in behind.splitlines())
    found: list[Hop] = []
    asked = ""
    for line in lines:
        if line is None or line.repaired:
            continue
        if line.kind == "follow_up":
            asked = line.text
        elif asked:
            found.append(Hop(asked, line.text))
            asked = ""
    return tuple(found)


async def _documents(engine: Engine, queries: Sequence[str], k: int) -> list[Document]:
    """What is found for all queries: as in the run, since equal queries find the same."""
    session = await engine.session()
    if session.retrieval is None or k == 0:
        return []
    found = [await session.retrieval.retriever.retrieve(query, k) for query in queries]
    return list({one.id: one for documents in reversed(found) for one in documents}.values())


def _recall(problem: Problem, documents: Sequence[Document]) -> float | None:
    """Share of what the row names as support that is among the documents; None: it names none."""
    named: Any = next((problem.metadata[one] for one in SUPPORT if one in problem.metadata), None)
    if not isinstance(named, list) or not named:
        return None
    there = {name for one in documents for name in (one.id, one.title)}
    return fmean(str(name) in there for name in named)


async def _tokens(engine: Engine, shown: Demonstration, documents: Sequence[Document]) -> int:
    """Of the block as a prompt shows it."""
    session = await engine.session()
    lines = [line for hop in shown.hops for line in hop_lines(hop)]
    text = block(documents, shown.question, *lines, str(Line("final", shown.answer)))
    generator = session.generator
    return generator.count_prompt((Message("user", text),), "")


def in_turn(made: Sequence[Made]) -> list[Made]:
    """The cheapest first; of each number of hops one before the second of any."""
    met: Counter[int] = Counter()
    placed: list[tuple[int, int, str, Made]] = []
    for one in sorted(made, key=lambda one: (one.tokens, one.shown.question)):
        hops = len(one.shown.hops)
        placed.append((met[hops], one.tokens, one.shown.question, one))
        met[hops] += 1
    return [one for *_, one in sorted(placed, key=lambda row: row[:3])]


async def judged(
    engine: Engine,
    problems: Sequence[Problem],
    sizes: Sequence[int],
    *,
    strategy: IterDRAG,
    budget: Budget | None = None,
) -> list[Judged]:
    """Each number of the engine's demonstrations on the same questions; what the runs share is made
    once where the engine has a ledger."""
    found: list[Judged] = []
    before: list[float] = []
    for m in sorted(set(sizes)):
        sized = IterDRAG(**{**strategy.parameters, "m": m})
        results = [await engine.solve(one, strategy=sized, budget=budget) for one in problems]
        pairs = zip(results, problems, strict=True)
        right = [text_score(one.answer, references_of(problem)).em for one, problem in pairs]
        gaps = [now - then for now, then in zip(right, before, strict=True)] if before else []
        tokens = fmean(one.usage.prompt_tokens for one in results)
        now = Judged(m=m, score=fmean(right), tokens=tokens)
        found.append(replace(now, gain=paired_interval(gaps, seed=0)) if gaps else now)
        before = right
    return found


def best_m(table: Sequence[Judged], *, worth: float) -> int:
    """The number whose last step up was worth its tokens: of all, the one with the greatest score
    less `worth` (a share of right answers) for each thousand tokens; of equals the smallest."""
    return max(table, key=lambda one: (one.score - worth * one.tokens / 1000, -one.m)).m
