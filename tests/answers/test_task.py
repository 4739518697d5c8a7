from __future__ import annotations

import pytest

from tts.answers import TASKS, task_for
from tts.errors import UnknownName
from tts.values import Problem


@pytest.mark.parametrize(
    ("task", "text", "answer"),
    [
        ("math", "Thus \\boxed{\\frac{1}{2}}.", "\\frac{1}{2}"),
        ("math", "The answer is $5$. I hope it is correct.", "5"),
        ("math", "We get 7 apples", None),
        ("arithmetic", "(3 + 4) * 2\n\n\\boxed{14}", "14"),
        ("arithmetic", "the answer is 14", None),
        ("gsm8k", "6 * 3 = 18\n#### 18", "18"),
        ("gsm8k", "so \\boxed{1,234} dollars", "1,234"),
        ("gsm8k", "She has 3 and then 4", "4"),
        ("choice", "\\boxed{\\text{(C)}}", "C"),
        ("choice", "The answer is B.", "B"),
        ("plain", "Let me see.\nParis\n", "Paris"),
        ("plain", "Answer: Paris", "Paris"),
        ("instructed", " A cat sleeps.\nIt is 3. ", "A cat sleeps.\nIt is 3."),
        ("instructed", "A cat\n\nAnswer: It sleeps.", "It sleeps."),
        ("instructed", " \n", None),
    ],
)
def test_each_task_reads_answers_its_way(task: str, text: str, answer: str | None) -> None:
    assert TASKS[task].extract(text) == answer


@pytest.mark.parametrize("task", ["math", "gsm8k", "choice", "arithmetic"])
def test_a_text_cut_inside_its_box_has_no_answer(task: str) -> None:
    assert TASKS[task].extract("The answer is 5, that is \\boxed{5") is None


def test_a_problem_is_put_as_it_stands_whatever_braces_it_holds() -> None:
    problem = Problem(id="1", prompt="What is $\\frac{1}{x}$ of {problem}?")
    assert TASKS["math"].render(problem)[-1].content == problem.prompt


def test_arithmetic_is_the_bare_expression_without_a_system_message() -> None:
    (message,) = TASKS["arithmetic"].render(Problem(id="1", prompt="(1 + 2) * 3"))
    assert (message.role, message.content) == ("user", "(1 + 2) * 3")


def test_a_text_ends_with_its_answer_only_where_the_last_step_states_it() -> None:
    assert TASKS["math"].ends_with_answer("step\n\n\\boxed{5}")
    assert not TASKS["math"].ends_with_answer("\\boxed{5}\n\nBut let me check")
    assert not TASKS["gsm8k"].ends_with_answer("we have 5 apples")


@pytest.mark.parametrize("name", sorted(TASKS))
def test_a_forced_answer_can_be_read_back(name: str) -> None:
    task = TASKS[name]
    closing = "}" if task.forced_answer.endswith("{") else ""
    answer = "B" if task.shape == "option" else "42"
    assert task.extract(f"some step{task.forced_answer}{answer}{closing}") == answer


@pytest.mark.parametrize("unit", ["\\boxed{", "####\n", "\n"])
def test_a_megabyte_without_an_answer_has_none(unit: str) -> None:
    text = unit * (2**20 // len(unit))
    assert TASKS["math"].extract(text) is None


def test_a_model_with_a_wording_of_its_own_gets_another_version() -> None:
    special = task_for("math", "Qwen/Qwen2.5-Math-7B-Instruct")
    assert special.version != TASKS["math"].version
    assert special.identity != TASKS["math"].identity


def test_any_other_model_gets_the_plain_task() -> None:
    assert task_for("math", "gpt-5-mini") is TASKS["math"]


def test_an_unknown_task_is_named_with_the_known_ones() -> None:
    with pytest.raises(UnknownName, match="gsm8k"):
        task_for("gsm9k")


def test_a_change_is_read_as_blocks_of_edits_or_as_the_last_diff() -> None:
    blocks = "<<<< SEARCH a.py\nx\n====\ny\n>>>> REPLACE\n"
    task = TASKS["patch"]
    assert task.extract(f"So:\n<edit>\n{blocks}</edit>") == blocks
    assert task.extract(f"```diff\n-a\n```\nor\n{blocks}and\n{blocks}") == f"{blocks}and\n{blocks}"
    assert task.extract("```diff\n-a\n```\nbetter:\n```diff\n-b\n```") == "-b\n"
    assert task.extract("No change is needed.") is None
