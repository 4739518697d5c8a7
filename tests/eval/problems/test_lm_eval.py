"""Task files of lm-evaluation-harness, and logs of inspect_ai, are problem sets."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from tts.errors import BadInput
from tts.eval.problems import load_problem_set
from tts.values import Problem

GSM: dict[str, Any] = {
    "task": "sums",
    "dataset_path": "json",
    "dataset_kwargs": {"data_files": {"test": "rows.jsonl"}},
    "test_split": "test",
    "output_type": "generate_until",
    "doc_to_text": "Question: {{question}}\nAnswer:",
    "doc_to_target": "{{answer.split('####')[-1].strip()}}",
    "generation_kwargs": {"until": ["\n\n"]},
}
ARC: dict[str, Any] = {
    **GSM,
    "output_type": "multiple_choice",
    "doc_to_text": "{{question}}",
    "doc_to_target": "{{choices.label.index(key)}}",
    "doc_to_choice": "{{choices.text}}",
}


def read(folder: Path, keys: dict[str, Any], *rows: dict[str, Any]) -> tuple[Problem, ...]:
    (folder / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (folder / "task.yaml").write_text(yaml.safe_dump(keys))
    return load_problem_set(f"lm-eval:{folder / 'task.yaml'}").problems


def test_a_generated_answer_is_asked_for_by_the_templates(tmp_path: Path) -> None:
    [found] = read(tmp_path, GSM, {"question": "1 + 1?", "answer": "add #### 2"})
    assert (found.id, found.prompt, found.answer) == ("sums-0", "Question: 1 + 1?\nAnswer:", "2")


def test_a_column_may_stand_in_place_of_a_template(tmp_path: Path) -> None:
    keys = {**GSM, "doc_to_text": "question", "doc_to_target": "answer", "description": "Think.\n"}
    [found] = read(tmp_path, keys, {"question": "1 + 1?", "answer": 2})
    assert (found.prompt, found.answer) == ("Think.\n1 + 1?", "2")


def test_the_options_of_a_choice_are_lettered_and_the_answer_is_a_letter(tmp_path: Path) -> None:
    row = {
        "question": "Sky?",
        "choices": {"text": ["red", "blue"], "label": ["A", "B"]},
        "key": "B",
    }
    [found] = read(tmp_path, ARC, row)
    assert (found.prompt, found.answer, found.task) == ("Sky?\nA) red\nB) blue", "B", "choice")


def test_options_that_the_question_lists_are_not_listed_again(tmp_path: Path) -> None:
    keys = {
        **ARC,
        "doc_to_text": "{{question}}\nA. {{options[0]}}\nB. {{options[1]}}\nAnswer:",
        "doc_to_choice": ["A", "B"],
        "doc_to_target": "answer",
    }
    [found] = read(tmp_path, keys, {"question": "Sky?", "options": ["red", "blue"], "answer": 1})
    assert found.prompt.count("blue") == 1 and found.answer == "B"


def test_an_included_file_lies_below(tmp_path: Path) -> None:
    (tmp_path / "base.yaml").write_text(yaml.safe_dump(GSM))
    keys = {"include": "base.yaml", "task": "own"}
    [found] = read(tmp_path, keys, {"question": "1?", "answer": "1"})
    assert found.id == "own-0"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"output_type": "loglikelihood_rolling"}, "needs likelihoods"),
        ({"num_fewshot": 5}, "set it to 0"),
        ({"doc_to_target": None}, "doc_to_target is missing"),
        ({"test_split": "exam"}, "no data_files of the split 'exam'"),
        ({"task": ["a", "b"]}, "a group names several files"),
        ({"doc_to_text": "{{nothing}}"}, "templates do not fit this row"),
        ({"doc_to_text": "{{ ''.__class__.__mro__ }}"}, "templates do not fit this row"),
    ],
)
def test_what_is_not_done_is_one_line(tmp_path: Path, change: dict[str, Any], said: str) -> None:
    with pytest.raises(BadInput) as caught:
        read(tmp_path, {**GSM, **change}, {"question": "1?", "answer": "1"})
    assert said in str(caught.value) and "\n" not in str(caught.value)


def test_a_function_of_the_task_is_never_run(tmp_path: Path) -> None:
    (tmp_path / "task.yaml").write_text("doc_to_text: !function utils.text\n")
    with pytest.raises(BadInput, match=r"function utils\.text, which is not run"):
        load_problem_set(f"lm-eval:{tmp_path / 'task.yaml'}")


def test_a_log_of_inspect_is_its_samples_each_once(tmp_path: Path) -> None:
    sample = {"id": 1, "epoch": 1, "input": "1 + 1?", "target": "2", "output": {"choices": []}}
    log = {"status": "success", "eval": {}, "samples": [sample, {**sample, "epoch": 2}]}
    (tmp_path / "log.json").write_text(json.dumps(log))
    [found] = load_problem_set(f"inspect:{tmp_path / 'log.json'}").problems
    assert (found.id, found.prompt, found.answer) == ("1", "1 + 1?", "2")
