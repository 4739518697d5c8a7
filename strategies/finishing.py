"""The best answer of what there is, after a refusal or at the deadline."""

from __future__ import annotations

from tts.run import Run
from tts.strategies.selection import Select
from tts.values import Candidate, Problem


async def finish(problem: Problem, run: Run, select: Select) -> Candidate | None:
    """The selection rule over the finished candidates; if there is none, a forced answer."""
    answered = [kept for kept in run.kept.final() if kept.candidate.answer is not None]
    if answered:
        return await select(answered, run)
    return await forced_answer(problem, run)


async def forced_answer(problem: Problem, run: Run) -> Candidate | None:
    """One short greedy answer, forced from the best live candidate that leaves room for it."""
    live = best_live(run)
    source: Problem | Candidate = problem
    if live is not None:
        source = Candidate(
            problem=problem,
            text=live.text.rstrip() + run.task.forced_answer,
            key="",
            messages=live.messages,
            completion_tokens=live.completion_tokens,
        )
    [draft] = run.sample(
        source, until="answer", temperature=0.0, max_tokens=run.settings.forced_tokens
    )
    candidate = await draft
    return candidate if candidate.answer is not None else None


def best_live(run: Run) -> Candidate | None:
    """The highest scored unfinished candidate that a forced answer can afford to re-read."""
    most = run.settings.sampling.max_tokens
    live = [kept for kept in run.kept.all() if not kept.candidate.final]
    short = [kept for kept in live if kept.candidate.completion_tokens <= most]
    best = max(short, key=lambda kept: kept.score.value if kept.score else -1.0, default=None)
    return best.candidate if best else None
