import pytest

from tts.errors import UnknownName
from tts.prompts import TASKS, task_for


def test_a_model_with_a_wording_of_its_own_gets_another_version() -> None:
    special = task_for("math", "Qwen/Qwen2.5-Math-7B-Instruct")
    assert special.version != TASKS["math"].version
    assert special.identity != TASKS["math"].identity


def test_any_other_model_gets_the_plain_task() -> None:
    assert task_for("math", "gpt-5-mini") is TASKS["math"]


def test_an_unknown_task_is_named_with_the_known_ones() -> None:
    with pytest.raises(UnknownName, match="gsm8k"):
        task_for("gsm9k")
