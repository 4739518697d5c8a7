from __future__ import annotations

import re
from typing import Any

import pytest

from tts.backends.scripted import ScriptedGenerator
from tts.strategies import TreeOfThoughts
from tts.strategies.search.tree_of_thoughts import most_promising, worth
from tts.values import Candidate, Kept, Problem, Score, Scored

BOX = "\\boxed{%s}"


class Thinker(ScriptedGenerator):
    """Proposes good and bad steps, and knows which is which."""

    def __init__(self) -> None:
        super().__init__(self.say)

    def say(self, messages: Any, prefix: str, index: int) -> str:
        asked = messages[-1].content
        if "Beginning of" in asked:
            return "impossible" if "bad" in asked else "I am sure"
        if "Beginnings of" in asked:
            shown = re.split(r"\n\n(?=\d\.\n)", asked)[1:]
            return next((text[0] for text in shown if "bad" not in text and "13" not in text), "1")
        if prefix.count("\n\n") == 2:
            return BOX % (13 if "bad" in prefix else 42)
        return ["bad\n\n", "good\n\n"][index % 2]

    @property
    def judged(self) -> list[str]:
        turns = [request.messages[-1].content for request in self.requests]
        return [turn for turn in turns if turn.startswith("Problem:")]


@pytest.mark.parametrize("order", ["bfs", "dfs"])
@pytest.mark.parametrize("judging", ["value", "vote"])
def test_the_thinker_reaches_what_it_judges_to_be_right(
    forest: Any, order: Any, judging: Any
) -> None:
    search = TreeOfThoughts(n=2, branching=2, rounds=4, order=order, judging=judging)
    found = forest.grow(search, policy=Thinker(), max_tokens=60)
    assert found.answer == "42"


def test_a_judgement_is_paid_for_and_is_no_candidate(forest: Any) -> None:
    policy = Thinker()
    found = forest.grow(TreeOfThoughts(n=2, branching=2, rounds=4, votes=2), policy=policy)
    assert found.spend["judge"].calls == len(policy.judged) > 0
    assert all("sure" not in kept.candidate.text for kept in found.candidates)


def test_value_asks_about_each_thought_alone_and_vote_about_all(forest: Any) -> None:
    alone, together = Thinker(), Thinker()
    how: dict[str, Any] = {"n": 2, "branching": 2, "rounds": 1, "votes": 3}
    forest.grow(TreeOfThoughts(**how), policy=alone, max_tokens=60)
    forest.grow(TreeOfThoughts(**how, judging="vote"), policy=together, max_tokens=60)
    assert len(alone.judged) == 6
    assert len(together.judged) == 3
    assert "1.\n" in together.judged[0] and "2.\n" in together.judged[0]


def test_depth_first_leaves_hopeless_thoughts_alone(forest: Any) -> None:
    search = TreeOfThoughts(n=2, branching=2, rounds=4, order="dfs")
    found = forest.grow(search, policy=Thinker(), max_tokens=60)
    parents = [k.candidate.parent.text for k in found.candidates if k.candidate.parent]
    assert all("bad" not in text for text in parents)


def test_depth_first_goes_back_where_a_path_ends_badly(forest: Any) -> None:
    def say(messages: Any, prefix: str, index: int) -> str:
        asked = messages[-1].content
        if "Beginning of" in asked:
            return "likely" if "boxed" not in asked else ("sure" if "42" in asked else "impossible")
        if not prefix:
            return ["first\n\n", "second\n\n"][index % 2]
        return BOX % (13 if "first" in prefix else 42)

    search = TreeOfThoughts(n=4, branching=2, rounds=4, order="dfs", votes=1)
    found = forest.grow(search, policy=ScriptedGenerator(say), max_tokens=60)
    assert found.answer == "42"
    assert {k.candidate.answer for k in found.candidates if k.candidate.final} == {"13", "42"}


@pytest.mark.parametrize(
    ("reply", "value"),
    [
        ("It is sure.\nimpossible", 0.00005),
        ("Sure", 1.0),
        ("**likely**!", 0.05),
        ("no idea", None),
        ("", None),
        ("I am not sure.", None),
        ("It isn't very likely", None),
        ("sure, likely or impossible", None),
        ("It is sure.\nI do not know.", None),
    ],
)
def test_only_a_word_that_closes_a_reply_is_its_value(reply: str, value: float | None) -> None:
    assert worth(reply) == value


def unread(first: str, second: str, final: str) -> Any:
    """A judge that says `first`, and `second` when it is asked once more."""

    def say(messages: Any, prefix: str, index: int) -> str:
        asked = messages[-1].content
        if "Write only" in asked:
            return second
        if "Beginning of" in asked or "Beginnings of" in asked:
            return first
        return f"{index}: {BOX % final}"

    return ScriptedGenerator(say)


@pytest.mark.parametrize(("judging", "second"), [("value", "likely"), ("vote", "2")])
def test_an_unreadable_judgement_is_asked_for_once_more(
    forest: Any, judging: Any, second: str
) -> None:
    search = TreeOfThoughts(n=2, branching=2, rounds=1, votes=1, judging=judging)
    policy = unread("There are 3 errors in 2 of them", second, "42")
    found = forest.grow(search, policy=policy, max_tokens=60)
    assert (found.answer, found.stopped_by, dict(found.missing)) == ("42", "done", {})
    again = [one for one in policy.requests if "Write only" in one.messages[-1].content]
    assert len(again) >= 1


@pytest.mark.parametrize("order", ["bfs", "dfs"])
@pytest.mark.parametrize("judging", ["value", "vote"])
def test_a_judgement_that_cannot_be_read_is_missing_and_takes_no_answer(
    forest: Any, order: Any, judging: Any
) -> None:
    search = TreeOfThoughts(n=2, branching=2, rounds=1, votes=2, order=order, judging=judging)
    policy = unread("There are 3 errors in 2 of them", "Hard to say.", "42")
    found = forest.grow(search, policy=policy, max_tokens=60)
    assert (found.answer, found.stopped_by) == ("42", "incomplete")
    assert sum(found.missing.values()) >= 2
    assert set(found.missing) == {f"No verdict ({judging}) could be read."}


def test_a_thought_without_a_judgement_goes_behind_the_judged() -> None:
    problem = Problem(id="p", prompt="?")
    texts = [Candidate(problem=problem, text=text, key=text) for text in "abc"]
    thoughts = [
        Kept(texts[0]),
        Scored(texts[1], Score(value=0.0)),
        Scored(texts[2], Score(value=0.5)),
    ]
    assert [one.text for one in most_promising(thoughts, 3)] == ["c", "b", "a"]


@pytest.mark.parametrize("wrong", [{"votes": 0}, {"order": "best"}, {"judging": "score"}])
def test_impossible_parameters_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        TreeOfThoughts(**wrong)
