"""Judges are calls on the graph: found, priced and counted like any other."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from tests.verifiers.conftest import Compared
from tts.backends.scripted import ScriptedGenerator
from tts.engine import Engine
from tts.errors import BadReply
from tts.run import Verifier
from tts.values import Completion, Problem, Result, Score, TokenLogprob
from tts.verifiers import GenPRM, Judge, ListwiseJudge, PairwiseJudge
from tts.verifiers.asking import label_probability
from tts.verifiers.comparison import ListwiseWording, PairwiseWording
from tts.verifiers.judge import PointwiseWording, TrueOrFalseWording

PROBLEM = Problem(id="p", prompt="6 * 7?", answer="42")
GOOD, BAD = "6 * 7 is\n\n\\boxed{42}", "6 * 7 is\n\n\\boxed{41}"


def said(text: str) -> Completion:
    return Completion(text=text, finish_reason="stop", completion_tokens=3)


async def solved(verifier: Verifier | None, strategy: Any = "best_of_n(n=2)") -> Result:
    """The policy draws a wrong solution and a right one."""
    async with Engine(ScriptedGenerator([BAD, GOOD]), verifier=verifier) as engine:
        return await engine.solve(PROBLEM, strategy=strategy)


def marks(messages: Any, prefix: str, index: int) -> str:
    return "Score: 9" if "{42}" in messages[-1].content else "Score: 2"


async def test_a_pointwise_judge_chooses_the_better_solution() -> None:
    result = await solved(Judge.pointwise(ScriptedGenerator(marks)))
    assert result.answer == "42"
    assert result.spend["judge"].calls == 2
    assert result.spend["judge"].completion_tokens == 4


async def test_several_votes_are_several_draws_and_their_mean_counts() -> None:
    judge = ScriptedGenerator(lambda messages, prefix, index: f"Score: {(8, 4)[index]}")
    result = await solved(Judge.pointwise(judge, votes=2))
    values = [kept.score.value for kept in result.candidates if kept.score]
    assert values == pytest.approx([0.6, 0.6])
    assert result.spend["judge"].calls == 4


async def test_self_evaluation_reads_the_word() -> None:
    judge = ScriptedGenerator(
        lambda messages, prefix, index: "True" if "{42}" in messages[-1].content else "False"
    )
    assert (await solved(Judge.self_evaluation(judge))).answer == "42"


def prefers_42(messages: Any, prefix: str, index: int) -> str:
    first = messages[-1].content.partition("Solution B")[0]
    return "Better: A" if "{42}" in first else "Better: B"


async def test_a_pairwise_judge_is_asked_in_both_orders() -> None:
    generator = ScriptedGenerator(prefers_42)
    judge = PairwiseJudge(generator)
    strategy = Compared(lambda drafts, run: judge.prefer(drafts[0], drafts[1], run))
    await solved(None, strategy)
    assert (strategy.verdict, len(generator.requests)) == (0.0, 2)


async def test_a_judge_that_always_says_a_says_nothing() -> None:
    judge = PairwiseJudge(ScriptedGenerator(lambda *_: "Better: A"))
    strategy = Compared(lambda drafts, run: judge.prefer(drafts[0], drafts[1], run))
    await solved(None, strategy)
    assert strategy.verdict == 0.5


async def test_a_listwise_judge_ranks_all_in_one_call() -> None:
    generator = ScriptedGenerator(lambda *_: "Ranking: 2 > 1")
    judge = ListwiseJudge(generator)
    strategy = Compared(lambda drafts, run: judge.rank(drafts, run))
    await solved(None, strategy)
    assert (strategy.verdict, len(generator.requests)) == ((0.0, 1.0), 1)


def critique(messages: Any, prefix: str, index: int) -> str:
    verdict = "No" if "{41}" in messages[-1].content else "Yes"
    return f"<output>**Judgement**: $\\boxed{{{verdict}}}$</output>"


async def test_gen_prm_judges_every_step_after_the_earlier_ones() -> None:
    generator = ScriptedGenerator(critique)
    result = await solved(GenPRM(generator))
    assert result.answer == "42"
    assert sorted(k.score.steps for k in result.candidates if k.score) == [(1.0, 0.0), (1.0, 1.0)]
    assert [turn.role for turn in generator.requests[-1].messages] == [
        "system",
        "user",
        "assistant",
        "user",
    ]


async def test_gen_prm_has_no_verdict_on_a_text_without_a_step() -> None:
    judge = GenPRM(ScriptedGenerator(critique))

    async def ask(drafts: Any, run: Any) -> Any:
        return await judge.score(msgspec.structs.replace(await drafts[0], text=" "), run)

    strategy = Compared(ask)
    result = await solved(None, strategy)
    assert strategy.verdict is None and "no step that could be judged" in str(result.missing)


def with_a_program(messages: Any, prefix: str, index: int) -> str:
    if not prefix:
        return "<verify>\n```python\nprint(6 * 7)\n```\n</verify> and so on"
    return "\\boxed{Yes}" if "[Code Output: 42]" in prefix else "\\boxed{No}"


async def test_gen_prm_goes_on_with_the_output_of_its_program() -> None:
    programs = []

    async def execute(program: str) -> str:
        programs.append(program)
        return "42"

    result = await solved(GenPRM(ScriptedGenerator(with_a_program), execute=execute))
    assert programs[0] == "print(6 * 7)\n"
    assert {kept.score.value for kept in result.candidates if kept.score} == {1.0}


def test_the_probability_of_a_word_is_read_at_the_verdict() -> None:
    logprobs = (
        TokenLogprob("Yes", -0.1),
        TokenLogprob("\\boxed{", -0.1),
        TokenLogprob("Yes", -0.5, (("Yes", -0.5), ("No", -1.5))),
    )
    completion = Completion(text="Yes\\boxed{Yes", finish_reason="stop", logprobs=logprobs)
    assert label_probability(completion, "Yes", "No", after="\\boxed{") == pytest.approx(0.7310586)


def test_an_answer_without_a_verdict_has_no_probability() -> None:
    assert label_probability(said("Maybe."), "Yes", "No") is None
    assert label_probability(said("Yes"), "Yes", "No", after="\\boxed{") is None


@pytest.mark.parametrize(
    ("text", "scores"),
    [("Ranking: 3 > 1", (0.5, 0.0, 1.0)), ("Ranking: 2 > 2 > 9 > 1 > 3", (0.5, 1.0, 0.0))],
)
def test_a_ranking_gives_a_score_to_everyone(text: str, scores: tuple[float, ...]) -> None:
    assert ListwiseWording().read(said(text), 3) == scores


@pytest.mark.parametrize(
    ("wording", "text", "verdict"),
    [
        (PairwiseWording(), "**Better**: Solution A", 1.0),
        (PairwiseWording(), "Solution B is better than solution A.", 0.0),
        (PairwiseWording(), "[[C]]", 0.5),
        (PairwiseWording(), "B", 0.0),
        (PairwiseWording(), "Better: A or B", None),
        (ListwiseWording(), "[2] > [1]", (0.0, 1.0)),
        (ListwiseWording(), "1. Solution 2\n2. Solution 1", (0.0, 1.0)),
        (ListwiseWording(), "Ranking: 9 > 1", None),
        (TrueOrFalseWording(), "The answer is True.", 1.0),
        (TrueOrFalseWording(), "No.", 0.0),
        (TrueOrFalseWording(), "Let me check whether it is true", None),
        (TrueOrFalseWording(), "True or False?", None),
    ],
)
def test_a_verdict_is_read_in_other_words(wording: Any, text: str, verdict: Any) -> None:
    if verdict is None:
        with pytest.raises(BadReply):
            wording.read(said(text), 2)
    else:
        assert wording.read(said(text), 2) == verdict


JUDGES = {
    "pointwise": (Judge.pointwise, "Score: 9"),
    "belief": (Judge.self_evaluation, "True"),
    "critique": (GenPRM, "**Judgement**: $\\boxed{Yes}$"),
}


@pytest.mark.parametrize(("judge", "verdict"), JUDGES.values(), ids=JUDGES)
async def test_an_unreadable_verdict_is_asked_for_once_more(judge: Any, verdict: str) -> None:
    def say(messages: Any, *_: Any) -> str:
        again = any("Hard to say" in turn.content for turn in messages)
        return verdict if again or "Write only" in messages[-1].content else "Hard to say"

    generator = ScriptedGenerator(say)
    result = await solved(judge(generator))
    assert result.stopped_by == "done"
    assert all(kept.score and kept.score.value >= 0.9 for kept in result.candidates)


@pytest.mark.parametrize(("judge", "verdict"), JUDGES.values(), ids=JUDGES)
@pytest.mark.parametrize("strategy", ["best_of_n(n=2)", "weighted_best_of_n(n=2)", "weaver(n=2)"])
async def test_a_judge_that_cannot_be_read_leaves_the_vote_and_is_counted(
    judge: Any, verdict: str, strategy: str
) -> None:
    result = await solved(judge(ScriptedGenerator(lambda *_: "Score: 1000/10")), strategy)
    assert (result.answer, result.stopped_by) == ("41", "incomplete")
    assert sum(result.missing.values()) == 2 and len(result.missing) == 1
    assert all(kept.score is None for kept in result.candidates)


@pytest.mark.parametrize("second", ["Score: 2", "No idea"])
async def test_an_unreadable_vote_is_left_out_of_the_mean(second: str) -> None:
    """One of three votes cannot be read; it is put once more."""

    def say(messages: Any, prefix: str, index: int) -> str:
        if "Write only" in messages[-1].content:
            return second
        return ("Score: 8", "Hard to say", "Score: 5")[index]

    result = await solved(Judge.pointwise(ScriptedGenerator(say), votes=3))
    read = second == "Score: 2"
    marked = [kept.score.value for kept in result.candidates if kept.score]
    assert marked == pytest.approx([0.5 if read else 0.65] * 2)
    missing = {} if read else {"The judge gave no mark from 0 to 10.": 2}
    assert dict(result.missing) == missing
    assert result.spend["judge"].calls == 8


async def test_a_chain_of_critiques_that_cannot_be_read_is_left_out_and_counted() -> None:
    asked: list[str] = []

    def say(messages: Any, prefix: str, index: int) -> str:
        asked.append(messages[-1].content)
        unread = len(asked) == 1 or "Write only" in asked[-1]
        return "Hard to say" if unread else "**Judgement**: $\\boxed{Yes}$"

    result = await solved(GenPRM(ScriptedGenerator(say), votes=2))
    assert [kept.score.value for kept in result.candidates if kept.score] == [1.0, 1.0]
    assert dict(result.missing) == {"The critique ends without a verdict.": 1}


COMPARING: dict[str, Any] = {
    "pairwise": (
        lambda judge: lambda drafts, run: PairwiseJudge(judge).prefer(drafts[0], drafts[1], run),
        "Better: equal",
        0.5,
        2,
    ),
    "listwise": (
        lambda judge: lambda drafts, run: ListwiseJudge(judge).rank(drafts, run),
        "Ranking: 2 > 1",
        (0.0, 1.0),
        1,
    ),
}


@pytest.mark.parametrize(("asks", "said", "verdict", "calls"), COMPARING.values(), ids=COMPARING)
async def test_an_unreadable_comparison_is_asked_for_once_more(
    asks: Any, said: str, verdict: Any, calls: int
) -> None:
    generator = ScriptedGenerator(
        lambda messages, *_: said if "Write only" in messages[-1].content else "Hard to say"
    )
    strategy = Compared(asks(generator))
    await solved(None, strategy)
    assert (strategy.verdict, len(generator.requests)) == (verdict, 2 * calls)


class Odd:
    """A verifier whose verdict is whatever a function makes of a candidate."""

    name, identity = "odd", "odd"

    def __init__(self, judge: Any) -> None:
        self.judge = judge

    def score(self, candidate: Any, run: Any) -> Any:
        return run.call(self.judge, candidate)


@pytest.mark.parametrize(
    "judge",
    [
        lambda candidate: 1 / 0,
        lambda candidate: Score(value=float("nan")),
        lambda candidate: Score(value=1.5),
        lambda candidate: Score(value=-0.1),
        lambda candidate: Score(value=0.5, steps=(0.5,) * 7),
    ],
    ids=["raises", "nan", "above", "below", "steps"],
)
@pytest.mark.parametrize(
    "strategy", ["best_of_n(n=2)", "weighted_best_of_n(n=2)", "beam_search(n=2, branching=2)"]
)
async def test_a_verifier_that_fails_takes_no_answer_with_it(judge: Any, strategy: str) -> None:
    result = await solved(Odd(judge), strategy)
    assert result.answer in ("41", "42") and result.stopped_by == "incomplete"
    assert result.missing


@pytest.mark.parametrize("wording", [PointwiseWording(), PairwiseWording(), ListwiseWording()])
def test_an_answer_without_a_verdict_is_a_bad_reply(wording: Any) -> None:
    with pytest.raises(BadReply):
        wording.read(said("I do not know."), 2)
