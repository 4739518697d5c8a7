"""Answers in every form that models give them, and texts that give none."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tts.answers import TASKS

BOXES = st.lists(st.integers(-99, 99).map(str), min_size=2, max_size=5, unique=True)


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        (r"\boxed 2", "2"),
        (r"so $\boxed 25$.", "25"),
        (r"$\boxed -3$", "-3"),
        (r"$\boxed x$", "x"),
        (r"\boxed\frac{1}{2}", r"\frac{1}{2}"),
        (r"\boxed\frac12", r"\frac12"),
        (r"\boxed  {7}", "7"),
        ("\\boxed\n{7}", "7"),
        (r"\fbox{7}", "7"),
        (r"\boxed{\boxed{5}}", "5"),
        (r"\boxed{x = \boxed{5}}", "5"),
        (r"\boxed{\{1, 2\}}", r"\{1, 2\}"),
        (r"\boxed{5} is what \boxed should hold", "5"),
    ],
)
def test_a_box_is_read_with_braces_and_without(text: str, answer: str) -> None:
    assert TASKS["math"].extract(text) == answer


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        (r"\boxed{3}, \boxed{5}, \boxed{7}", "3, 5, 7"),
        (r"\boxed{3} and \boxed{5}", "3, 5"),
        (r"$\boxed{3}$ or $\boxed{5}$", "3, 5"),
        (r"\boxed{1}\boxed{2}", "1, 2"),
        (r"\boxed{(2, 2)} \quad \text{and} \quad \boxed{(6, 2)}", "(2, 2), (6, 2)"),
        (r"\(k = \boxed{45}\) and \(n = \boxed{2}\)", "45, 2"),
        (r"\boxed{1} papers and \boxed{2} bins", "1, 2"),
        (r"\boxed{3}, \boxed{3}", "3"),
    ],
)
def test_boxes_that_are_joined_are_one_list(text: str, answer: str) -> None:
    assert TASKS["math"].extract(text) == answer


@pytest.mark.parametrize(
    "text",
    [
        r"\boxed{3}. Wait, that is wrong. \boxed{5}",
        r"\boxed{3}, no: \boxed{5}",
        r"\boxed{3} is wrong and \boxed{5}",
        "\\boxed{3}\n\n\\boxed{5}",
        r"\boxed{3} no no no \boxed{5}",
        r"Step 1: \boxed{3}. Step 2: \boxed{5}",
        r"\boxed{3}, so the answer is \boxed{5}",
    ],
)
def test_a_corrected_box_is_no_list(text: str) -> None:
    assert TASKS["math"].extract(text) == "5"


@given(BOXES)
def test_a_list_of_boxes_comes_back_whole_and_in_order(members: list[str]) -> None:
    text = ", ".join(f"\\boxed{{{member}}}" for member in members)
    assert TASKS["math"].extract(f"Thus {text}.") == ", ".join(members)


@pytest.mark.parametrize("task", sorted(TASKS))
@pytest.mark.parametrize(
    "text",
    [
        r"<think>\boxed{5}",
        "<think>\nThe answer is 5",
        "<think>so\n#### 5",
        "<think>a</think> hm <think>\\boxed{5}",
        "<thinking>\\boxed{5}",
        "◁think▷\\boxed{5}",
        "[THINK]\\boxed{5}",
        "<|channel|>analysis<|message|>\\boxed{5}",
        "<think>\\boxed{5}</think>",
        "<answer>5",
        "<answer>5</answer> No, <answer>6",
    ],
)
def test_thoughts_and_tags_that_have_not_ended_hold_no_answer(task: str, text: str) -> None:
    assert TASKS[task].extract(text) is None
    assert not TASKS[task].ends_with_answer(text)


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("long thought</think>\n<answer>55</answer>", "55"),
        ("<think>\\boxed{4}</think>\\boxed{55}", "55"),
        ("<think>4</think><answer>\\boxed{55}</answer>", "55"),
        ("<answer>\n55\n</answer>", "55"),
        ("<answer>54</answer> No. <answer>55</answer>", "55"),
        ("<|channel|>analysis<|message|>5<|channel|>final<|message|>\\boxed{55}", "55"),
    ],
)
@pytest.mark.parametrize("task", ["math", "plain", "gsm8k", "arithmetic"])
def test_what_is_said_after_the_thoughts_is_the_answer(task: str, text: str, answer: str) -> None:
    assert TASKS[task].extract(text) == answer


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        (r"The answer is: \[ x = 5 \]", "x = 5"),
        ("The answer is:\n\\[\nx = 5\n\\]", "x = 5"),
        ("The answer is $$x = 5$$.", "x = 5"),
        (r"The answer is \(x = 5\).", "x = 5"),
        ("The answer is $5$.", "5"),
        ("The answer is **5**.", "5"),
        ("**Answer:** 5", "5"),
        ("**Final Answer**: $5$", "5"),
        ("Answer:\n5", "5"),
        ("The answer to the problem is 5.", "5"),
        ("The answer is 3, -3.", "3, -3"),
        ("The answer is 1, 2, and 3.", "1, 2, and 3"),
        ("The answer is (3, 5).", "(3, 5)"),
        ("The answer is $3$ and $5$.", "$3$ and $5$"),
        ("The answer is 5, because 2 + 3 = 5.", "5"),
        ("The answer is 5 since 2 + 3 = 5.", "5"),
        ("The answer is 3.5.", "3.5"),
        ("The answer is 4. No wonder. The answer is 5.", "5"),
        (r"The answer is $\frac{1}{2}$.", r"\frac{1}{2}"),
    ],
)
def test_a_stated_answer_goes_to_the_end_of_its_sentence_without_delimiters(
    text: str, answer: str
) -> None:
    assert TASKS["math"].extract(text) == answer


@pytest.mark.parametrize("task", ["math", "plain", "gsm8k"])
@pytest.mark.parametrize(
    "text",
    [
        "the answer is 5? Or maybe",
        "The answer is 5. Wait, that cannot be",
        "The answer is 5. Or maybe it is 6",
        "Maybe the answer is 5.\nHmm, let me see",
        r"The answer is $\frac{1}{2",
        r"The answer is \[ x = 5",
        "The answer is (3, ",
        "The answer is not 5.",
    ],
)
def test_an_answer_that_is_asked_taken_back_or_broken_off_does_not_count(
    task: str, text: str
) -> None:
    assert TASKS[task].extract(text) is None


@pytest.mark.parametrize(
    ("text", "letter"),
    [
        ("The correct option is **C**.", "C"),
        ("The correct answer is **(C)**", "C"),
        ("The answer is option C.", "C"),
        ("**Answer: C**", "C"),
        ("Answer: C. Paris", "C"),
        ("(C) is correct.", "C"),
        ("Option C is the correct choice.", "C"),
        ("C is the right answer.", "C"),
        ("I think so.\n\nC", "C"),
        ("**C**", "C"),
        ("(c)", "C"),
        (r"\boxed{\text{C. Paris}}", "C"),
        (r"\boxed{C) A train}", "C"),
        (r"\boxed{A}, \boxed{C}", "A, C"),
        (r"\boxed{A \text{ and } C}", "A, C"),
        ("<answer>C</answer>", "C"),
        ("The answer is $\\boxed{\\mathbf{C}}$.", "C"),
        ("C. Paris", "C"),
        ("It is on the Seine.\n\n(C) Paris", "C"),
        ("A. London\nB. Rome\nC. Paris", None),
        ("C. Paris\nIt is on the Seine.", None),
        ("A train is fast.", None),
    ],
)
def test_a_chosen_option_is_read_however_it_is_marked(text: str, letter: str | None) -> None:
    assert TASKS["choice"].extract(text) == letter


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("#### 1/2", "1/2"),
        ("#### 2 1/4", "2 1/4"),
        (r"#### \frac{1}{2}", r"\frac{1}{2}"),
        ("#### -5", "-5"),
        ("#### .5", ".5"),
        ("#### $1,234.50", "1,234.50"),
        ("#### -$5", "-5"),
        ("#### **42**", "42"),
        ("#### 42 apples", "42"),
        (r"#### \boxed{42}", "42"),
        ("####\n42", "42"),
        ("#### 10-3 = 7", "7"),
        ("#### 10-3", "3"),
        (r"#### 1{,}234", "1,234"),
        ("#### 50%", "50"),
        ("The answer is 3/4 of a cup.", "3/4"),
    ],
)
def test_a_grade_school_answer_is_a_whole_number_or_fraction(text: str, number: str) -> None:
    assert TASKS["gsm8k"].extract(text) == number


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("Answer: St. Louis", "St. Louis"),
        ("Answer: J. K. Rowling.", "J. K. Rowling"),
        ("Answer: Paris, France", "Paris, France"),
        ("It is known.\n**Paris**", "Paris"),
        (r"So \boxed{Paris} it is.", "Paris"),
        ("Is it Paris?", None),
    ],
)
def test_a_plain_answer_is_read_whole(text: str, answer: str | None) -> None:
    assert TASKS["plain"].extract(text) == answer


@given(st.text(max_size=200), st.sampled_from(sorted(TASKS)))
def test_reading_any_text_ends_without_an_error(text: str, task: str) -> None:
    answer = TASKS[task].extract(text)
    assert answer is None or answer
