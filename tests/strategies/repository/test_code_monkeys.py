from __future__ import annotations

from typing import Any

import pytest

from tts.backends.scripted_file import FileGenerator, Saying
from tts.engine import parse_strategy
from tts.errors import LedgerError, UsageError
from tts.protocols import IntentRow
from tts.repository import PROPOSED
from tts.strategies.repository.code_monkeys import CodeMonkeys
from tts.strategies.repository.context import Relevant, merged, within
from tts.strategies.repository.wording import ranking_of, read, relevance_of
from tts.values import Budget, Problem

FILES = {"a.py": "x = 1\ny = 1\n", "b.py": "z = 1\n"}
SOLVED = "exec(files['a.py']); raise SystemExit(0 if x == 2 else 2)"
CONTENT = "raise SystemExit(0)"
"""A test that is always content: its vote has to count for nothing."""


def edit(new: str, old: str = "x = 1", path: str = "a.py") -> str:
    return f"So.\n<edit>\n<<<< SEARCH {path}\n{old}\n====\n{new}\n>>>> REPLACE\n</edit>"


def test(script: str) -> str:
    return f"So.\n<test>\n{script}\n</test>"


test.__test__ = False  # type: ignore[attr-defined]

RIGHT, WRONG, BAD = edit("x = 2"), edit("x = 3"), edit("x = 2", old="nothing")
SAYS: dict[str, list[str]] = {
    "Write a test of the issue. Run now": [test(SOLVED), test(SOLVED), test(CONTENT)],
    "The test was run on the code as it is": ["<done></done>"],
    "Solve the issue. Think first": [BAD, WRONG, RIGHT, "no block"],
    "Do exactly one of three": ["<done></done>"],
    "The search in a.py": [RIGHT],
    "Nothing could be read": [WRONG],
    "Decide which change": [test(SOLVED)],
    "The test was run.": ["<choice>1</choice>"],
    "Whoever solves the issue": ["<files>\na.py\nb.py\n</files>"],
    "File a.py:": ["RELEVANT: yes\nSUMMARY: holds x"],
    "File b.py:": ["It cannot be said."],
}


def model(**other: list[str]) -> FileGenerator:
    told = {**SAYS, **{name.replace("_", " "): says for name, says in other.items()}}
    return FileGenerator([Saying((where,), tuple(says)) for where, says in told.items()])


def problem(**more: Any) -> Problem:
    metadata = {"files": FILES, "issue": "x should be 2.", "repo": "own/two", **more}
    return Problem(id="two", prompt="x should be 2.", task="patch", metadata=metadata)


def solved(forest: Any, spelled: str = "code_monkeys(machines=6)", **how: Any) -> Any:
    policy = how.pop("policy", None) or model()
    return forest.grow(
        parse_strategy(spelled),
        policy=policy,
        max_tokens=64,
        problem=how.pop("of", problem()),
        **how,
    )


def test_it_goes_from_an_issue_to_the_change_that_its_tests_call_right(forest: Any) -> None:
    result = solved(forest)
    assert result.answer is not None and "x = 2" in result.answer
    assert result.stopped_by == "done"
    best = max(kept.score.value for kept in result.candidates if kept.score)
    assert [
        kept.score.value
        for kept in result.candidates
        if kept.candidate is result.candidate or (kept.candidate.key == result.candidate.key)
    ] == [best]


def test_every_stage_is_charged_by_what_it_is_for(forest: Any) -> None:
    spend = solved(forest).spend
    assert set(spend) == {"retrieve", "verify", "sample", "judge"}
    assert spend["retrieve"].calls == 2 + 3
    assert spend["judge"].calls == 2
    assert spend["sample"].tokens > 0


def test_a_test_that_the_unchanged_code_passes_has_no_vote(forest: Any) -> None:
    content = model(**{"Write_a_test_of_the_issue._Run_now": [test(CONTENT)]})
    scores = {
        kept.score.value
        for kept in solved(forest, policy=content).candidates
        if kept.score is not None
    }
    assert scores <= {0.5, 0.25}


def test_a_cheap_model_judges_the_files(forest: Any) -> None:
    cheap, dear = model(), model()
    spelled = "code_monkeys(machines=2, relevance=cheap)"
    result = solved(forest, spelled, policy=dear, models={"cheap": cheap})
    assert result.answer is not None
    assert len(cheap.requests) == 2
    assert all("Could this file" not in one.messages[-1].content for one in dear.requests)


def test_a_model_that_is_not_there_is_named(forest: Any) -> None:
    with pytest.raises(UsageError, match="no model 'cheap' for relevance"):
        solved(forest, "code_monkeys(relevance=cheap)")


def test_a_problem_without_a_repository_is_refused(forest: Any) -> None:
    with pytest.raises(UsageError, match="brings no repository"):
        solved(forest, of=Problem(id="q", prompt="1 + 1?"))


def test_patches_of_others_are_candidates_too(forest: Any) -> None:
    diff = "--- a/a.py\n+++ b/a.py\n@@ -1,2 +1,2 @@\n-x = 1\n+x = 2\n y = 1\n"
    worse = diff.replace("+x = 2", "+x = 9")
    wrong = model(**{"Solve_the_issue._Think_first": [WRONG], "The_search_in_a.py": [WRONG]})
    result = solved(forest, policy=wrong, of=problem(**{PROPOSED: ["no diff", worse, diff]}))
    assert result.answer == diff
    alone = solved(forest, "code_monkeys(machines=0)", of=problem(**{PROPOSED: [worse, diff]}))
    assert alone.answer == worse
    assert alone.usage.tokens > 0


WHOLE = "code_monkeys(machines=4, rounds=3)"


@pytest.mark.parametrize("part", [2, 3])
def test_a_part_of_the_cost_still_yields_the_best_change_so_far(forest: Any, part: int) -> None:
    whole = solved(forest, WHOLE)
    capped = solved(forest, WHOLE, budget=Budget(tokens=whole.usage.tokens // part))
    assert capped.usage.tokens <= whole.usage.tokens // part
    assert capped.answer is not None and "REPLACE" in capped.answer
    scored = [kept for kept in capped.candidates if kept.score is not None]
    assert scored
    best = max(kept.score.value for kept in scored)
    chosen = [kept for kept in scored if kept.candidate.key == capped.candidate.key]
    assert [kept.score.value for kept in chosen] == [best]


def test_the_judges_share_is_kept_for_it(forest: Any) -> None:
    diff = "--- a/a.py\n+++ b/a.py\n@@ -1,2 +1,2 @@\n-x = 1\n+x = 9\n y = 1\n"
    of = problem(**{PROPOSED: [diff]})
    whole = solved(forest, WHOLE, of=of)
    budget = Budget(tokens=round(whole.usage.tokens * 0.6))
    spelled = f"{WHOLE[:-1]}, selection_share=0.5)"
    capped = solved(forest, spelled, of=of, budget=budget)
    assert capped.spend["judge"].calls >= 1
    assert budget.tokens is not None and capped.usage.tokens <= budget.tokens


@pytest.mark.parametrize("life", range(1, 130, 9))
def test_a_kill_at_any_transition_repeats_nothing(lab: Any, forest: Any, life: int) -> None:
    whole = solved(forest, WHOLE)
    book = lab.MortalJournal(job="lab", life=life)
    try:
        solved(forest, WHOLE, journal=book)
    except LedgerError:
        resumed = lab.MortalJournal(job="lab")
        resumed.write(*book.rows)
        resumed.forget("two")
        again = solved(forest, WHOLE, journal=resumed)
        assert (again.answer, again.usage) == (whole.answer, whole.usage)
        before = len(lab.rows(book, IntentRow))
        finished = {row.key for row in book.rows if hasattr(row, "content") and hasattr(row, "key")}
        assert not finished & {row.key for row in lab.rows(resumed, IntentRow)[before:]}


def test_parameters_that_cannot_be_are_refused() -> None:
    with pytest.raises(ValueError, match="selection_share"):
        CodeMonkeys(selection_share=1.0)
    with pytest.raises(ValueError, match="rounds"):
        CodeMonkeys(rounds=0)


@pytest.mark.parametrize(
    "reply, found",
    [
        ("RELEVANT: yes\nSUMMARY: one\ntwo", (True, "one two")),
        ("I doubt it.\nRELEVANT: **no**", (False, "")),
        ("relevant: Yes", (True, "")),
        ("It may be.", None),
    ],
)
def test_relevance_is_read_with_summaries_of_several_lines(reply: str, found: Any) -> None:
    assert relevance_of(reply) == found


def test_rankings_are_merged_by_mean_relative_places() -> None:
    known = ["a", "b", "c"]
    places = merged([["a", "b"], ["b"]], known)
    assert places == {"a": 0.5, "b": 0.25, "c": 1.0}
    assert merged([], known)["a"] == 0.0
    assert ranking_of("<files>\n1. `b`\n- a\n- invented\n- b\n</files>", known) == ("b", "a")


def test_context_is_filled_up_to_its_cap() -> None:
    files = [Relevant("a", "", 5), Relevant("b", "", 9), Relevant("c", "", 4)]
    assert within(files, 10) == ["a", "c"]


def test_a_reply_with_several_blocks_says_nothing() -> None:
    assert read("<done></done> and <test>x</test>", ("test", "done")) is None
    assert read("<choice> 2 </choice>", ("choice",)) == read("x <choice> 2 </choice>", ("choice",))
