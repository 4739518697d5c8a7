from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from itertools import accumulate

import pytest

from tts.arithmetic import STEP_SEPARATOR, generate, solution, step_is_correct
from tts.arithmetic.problem import ArithmeticProblem
from tts.backends.embedded.generator import EmbeddedGenerator
from tts.backends.embedded.model import EmbeddedModel
from tts.backends.embedded.step_scorer import STEP_MARK, EmbeddedStepScorer, marked_rows
from tts.backends.embedded.tokenizer import EmbeddedTokenizer
from tts.errors import BadInput, ContextTooLong, Unavailable
from tts.protocols import GenerateRequest, Meter, StepScorer, StepScoreRequest
from tts.values import Message, Sampling, split_steps

QUESTION = (Message("user", "Compute (3 + 4) * 2."),)
GOOD = ("7 * 2", "\\boxed{14}")
BAD = ("8 * 2", "\\boxed{16}")


@pytest.fixture
async def scorer() -> AsyncIterator[EmbeddedStepScorer]:
    scorer = EmbeddedStepScorer(EmbeddedModel.shipped("prm"))
    yield scorer
    await scorer.close()


def request(steps: Sequence[str]) -> StepScoreRequest:
    return StepScoreRequest(messages=QUESTION, steps=tuple(steps))


async def test_each_step_has_one_score(scorer: StepScorer) -> None:
    reply = await scorer.score_steps(request(GOOD), Meter())
    assert len(reply.scores) == 2
    assert not reply.degraded


async def test_steps_of_the_small_policy_are_told_apart(scorer: StepScorer) -> None:
    generator = EmbeddedGenerator(EmbeddedModel.shipped("small"))
    problems = [problem for bin in (2, 3, 4, 5) for problem in generate(bin, 6, 91)]
    judged = await asyncio.gather(*(judge(p, generator, scorer) for p in problems))
    await generator.close()
    right = [score for rows in judged for score, correct in rows if correct]
    wrong = [score for rows in judged for score, correct in rows if not correct]
    assert sum(a > b for a in right for b in wrong) / (len(right) * len(wrong)) >= 0.85


async def test_a_step_scores_above_itself_with_one_digit_changed(scorer: StepScorer) -> None:
    problems = [problem for bin in (2, 3, 4, 5) for problem in generate(bin, 10, 92)]
    told = await asyncio.gather(*(sees_a_changed_digit(scorer, problem) for problem in problems))
    assert sum(told) >= 0.9 * len(problems)


async def sees_a_changed_digit(scorer: StepScorer, problem: ArithmeticProblem) -> bool:
    first = solution(problem.expression).split(STEP_SEPARATOR)[0]
    digit = next(letter for letter in first if letter.isdigit())
    changed = first.replace(digit, str((int(digit) + 1) % 10), 1)
    asked = (Message("user", problem.prompt),)
    right, wrong = [
        (await scorer.score_steps(StepScoreRequest(messages=asked, steps=(step,)), Meter())).scores
        for step in (first, changed)
    ]
    return right > wrong


async def judge(
    problem: ArithmeticProblem, generator: EmbeddedGenerator, scorer: StepScorer
) -> list[tuple[float, bool]]:
    asked = (Message("user", problem.prompt),)
    ask = GenerateRequest(messages=asked, sampling=Sampling(max_tokens=200), seeds=tuple(range(4)))
    judged: list[tuple[float, bool]] = []
    for completion in (await generator.generate(ask, Meter())).completions:
        steps = split_steps(completion.text if completion else "")
        reply = await scorer.score_steps(StepScoreRequest(messages=asked, steps=steps), Meter())
        correct = zip((problem.expression, *steps), steps, strict=False)
        labels = accumulate(
            (step_is_correct(problem.expression, before, step) for before, step in correct),
            lambda so_far, now: so_far and now,
        )
        judged += zip(reply.scores, labels, strict=True)
    return judged


async def test_scores_do_not_depend_on_who_waits_together(scorer: StepScorer) -> None:
    alone = await scorer.score_steps(request(GOOD), Meter())
    together = await asyncio.gather(
        *(scorer.score_steps(request(steps), Meter()) for steps in (BAD, GOOD, BAD * 3))
    )
    assert together[1].scores == pytest.approx(alone.scores, abs=1e-4)


async def test_usage_is_the_exact_count(scorer: StepScorer) -> None:
    meter = Meter()
    reply = await scorer.score_steps(request(GOOD), meter)
    assert reply.usage.prompt_tokens == scorer.count(QUESTION, GOOD)
    assert meter.usage == reply.usage


async def test_a_text_beyond_the_context_is_scored_in_parts(scorer: StepScorer) -> None:
    steps = ["(3 + 4) * 2"] * 150
    reply = await scorer.score_steps(request(steps), Meter())
    assert len(reply.scores) == 150
    assert reply.degraded


async def test_no_steps_give_no_scores(scorer: StepScorer) -> None:
    assert (await scorer.score_steps(request(()), Meter())).scores == ()


async def test_a_cancelled_request_leaves_the_others_running(scorer: StepScorer) -> None:
    kept = asyncio.create_task(scorer.score_steps(request(GOOD), Meter()))
    lost = asyncio.create_task(scorer.score_steps(request(BAD), Meter()))
    await asyncio.sleep(0)
    lost.cancel()
    assert len((await kept).scores) == 2


async def test_a_closed_scorer_is_unavailable() -> None:
    scorer = EmbeddedStepScorer(EmbeddedModel.shipped("prm"))
    await scorer.close()
    with pytest.raises(Unavailable):
        await scorer.score_steps(request(GOOD), Meter())


def test_a_policy_is_no_scorer() -> None:
    with pytest.raises(BadInput, match="process reward"):
        EmbeddedStepScorer(EmbeddedModel.shipped("small"))


@pytest.fixture(scope="module")
def tokenizer() -> EmbeddedTokenizer:
    return EmbeddedModel.shipped("small").tokenizer


def test_a_short_text_is_the_template_with_markers(tokenizer: EmbeddedTokenizer) -> None:
    (row,) = marked_rows(tokenizer, QUESTION, ["7 * 2", "\\boxed{14}"], 1024)
    text = f"<|user|>{QUESTION[0].content}<|assistant|>7 * 2{STEP_MARK}\\boxed{{14}}{STEP_MARK}"
    assert list(row.ids) == tokenizer.encode(text)
    assert [row.ids[mark] for mark in row.marks] == [tokenizer.special(STEP_MARK)] * 2


def test_a_marker_in_the_text_adds_no_score(tokenizer: EmbeddedTokenizer) -> None:
    (row,) = marked_rows(tokenizer, QUESTION, [f"7 {STEP_MARK} 2"], 1024)
    assert len(row.marks) == 1


def test_a_long_text_becomes_rows_that_begin_with_the_question(
    tokenizer: EmbeddedTokenizer,
) -> None:
    question = tuple(tokenizer.encode_chat(QUESTION))
    rows = marked_rows(tokenizer, QUESTION, ["7 * 2"] * 10, len(question) + 10)
    assert [len(row.marks) for row in rows] == [2] * 5
    assert all(row.ids[: len(question)] == question for row in rows)


def test_a_step_that_does_not_fit_is_refused(tokenizer: EmbeddedTokenizer) -> None:
    with pytest.raises(ContextTooLong):
        marked_rows(tokenizer, QUESTION, ["7" * 100], 60)
