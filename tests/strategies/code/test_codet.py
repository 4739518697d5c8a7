from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from tts.ledger import MemoryJournal
from tts.protocols import CallRow
from tts.strategies.code.codet import CodeT
from tts.strategies.code.self_debug import SelfDebug, observed, told
from tts.values import Budget, Check, Exam, Problem, shown_exam

RIGHT, SQUARE, BROKEN = "    return 2 * n", "    return n * n", "    return ]"


def writer(forest: Any, programs: Sequence[str], tests: Sequence[str] = ("",)) -> Any:
    """A model whose draws are these programs, and these texts where tests are asked for."""

    def say(messages: Any, prefix: str, index: int) -> str:
        texts = tests if "assertions" in messages[-1].content else programs
        return texts[index % len(texts)]

    return forest.lab.words(say)


def solve(forest: Any, strategy: Any, policy: Any, **how: Any) -> Any:
    return forest.grow(strategy, policy=policy, problem=forest.code, max_tokens=64, **how)


def test_the_examples_of_the_prompt_go_before_any_agreement(forest: Any) -> None:
    wrong = forest.lab.words(lambda *_: "    return 0")
    assert "return 0" in solve(forest, CodeT(n=2, tests=0), wrong).answer
    policy = writer(forest, ["    return 0", "    return 0", RIGHT], ["assert double(1) == 0"])
    assert "2 * n" in solve(forest, CodeT(n=3, tests=3), policy).answer


def test_written_tests_decide_among_programs_that_pass_the_examples(forest: Any) -> None:
    policy = writer(
        forest,
        [SQUARE, RIGHT],
        ["assert double(3) == 6", "assert double(5) == 10\nassert double(0) == 1", "pygame"],
    )
    found = solve(forest, CodeT(n=2, tests=3), policy)
    assert "2 * n" in found.answer


def test_the_most_frequent_behaviour_wins_under_cluster_however_it_is_written(forest: Any) -> None:
    policy = writer(forest, [SQUARE, RIGHT, "    return n + n"], ["assert double(3) == 6"])
    found = solve(forest, CodeT(n=3, tests=1, rule="cluster"), policy)
    assert "2 * n" in found.answer


def test_inputs_of_our_own_part_programs_that_no_test_tells_apart(forest: Any) -> None:
    programs = [SQUARE, "    return n ** n", RIGHT, "    return n + n"]
    blind = solve(forest, CodeT(n=4, tests=0), writer(forest, programs))
    seen = solve(forest, CodeT(n=4, tests=0, rule="cluster", inputs=8), writer(forest, programs))
    assert "n * n" in blind.answer
    assert "2 * n" in seen.answer


def test_every_execution_is_a_call_and_equal_programs_share_one(forest: Any) -> None:
    journal = MemoryJournal(job="lab")
    policy = writer(forest, [RIGHT, RIGHT, SQUARE], ["assert double(3) == 6"])
    solve(forest, CodeT(n=3, tests=2), policy, journal=journal)
    rows = [row for row in journal.rows if isinstance(row, CallRow)]
    ran = [row for row in rows if row.operation == "execute/checks"]
    assert len(ran) == 2
    assert {row.role for row in ran} == {"verify"}


def test_a_budget_that_ends_before_the_tests_leaves_an_answer(forest: Any) -> None:
    found = solve(forest, CodeT(n=4, tests=4), writer(forest, [RIGHT]), budget=Budget(calls=6))
    assert found.stopped_by == "budget"
    assert "2 * n" in found.answer


def test_a_dry_run_foresees_every_execution(forest: Any) -> None:
    from tts.engine.estimate import estimate

    found = forest.lab.run(
        estimate(forest.code, CodeT(n=3, tests=2), forest.session(max_tokens=24))
    )
    assert (found.worst.calls, found.bound) == (8, True)


def test_a_problem_that_asks_for_no_program_is_refused_in_one_line(forest: Any) -> None:
    from tts.errors import UsageError

    with pytest.raises(UsageError, match="asks for no program"):
        forest.grow(CodeT(n=1, tests=0), policy=writer(forest, [RIGHT]))


def test_a_program_that_fails_an_example_is_written_again_with_what_it_gave(forest: Any) -> None:
    heard = []

    def say(messages: Any, prefix: str, index: int) -> str:
        heard.append(messages[-1].content)
        return RIGHT if "it gave 3" in messages[-1].content else "    return n + 1"

    found = solve(forest, SelfDebug(rounds=2), forest.lab.words(say))
    assert "2 * n" in found.answer
    assert len(heard) == 2
    assert "- assert double(2) == 4 failed: it gave 3" in heard[1]


def test_a_program_that_passes_ends_its_chain(forest: Any) -> None:
    found = solve(forest, SelfDebug(rounds=5), writer(forest, [RIGHT]))
    assert forest.sampled(found) == 1


def test_the_program_that_passes_most_is_kept_where_revisions_get_worse(forest: Any) -> None:
    problem = Problem(
        id="c2",
        prompt=forest.code.prompt,
        task="code",
        metadata={
            **forest.code.metadata,
            "examples": ["assert double(2) == 4", "assert double(3) == 6"],
        },
    )

    def say(messages: Any, prefix: str, index: int) -> str:
        return BROKEN if len(messages) > 2 else SQUARE

    found = forest.grow(
        SelfDebug(rounds=1), policy=forest.lab.words(say), problem=problem, max_tokens=64
    )
    assert "n * n" in found.answer


def test_chains_are_runs_of_their_own(forest: Any) -> None:
    found = solve(forest, SelfDebug(chains=2, rounds=1), writer(forest, [SQUARE, BROKEN]))
    assert "n * n" in found.answer


def test_a_check_says_what_the_program_gave_and_is_told_as_it_stood() -> None:
    exam = observed(Exam(entry="f", checks=("assert f(1) == 2", "assert f(2)")))
    assert exam.checks[0].startswith("found = f(1)\nassert found == 2, ")
    assert exam.checks[1] == "assert f(2)"
    words = told(exam, (Check("wrong", "it gave 3"), Check("timeout")))
    assert "- assert f(1) == 2 failed: it gave 3\n- assert f(2) took too long" in words


def test_a_problem_without_examples_is_tried_for_loading_alone() -> None:
    exam = shown_exam(
        Problem(id="p", prompt="", metadata={"entry_point": "f", "code": "def f(): pass"})
    )
    assert exam is not None
    assert "loading f raised an error: SyntaxError" in told(
        observed(exam), (Check("error", "SyntaxError"),)
    )
