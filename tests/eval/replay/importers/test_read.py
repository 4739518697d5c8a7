"""Files of other programs: every draw arrives, and what is not known is said."""

from __future__ import annotations

import asyncio
import gzip
import json
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from tts.backends.replay import SampleRow, read_rows
from tts.errors import BadInput, UnknownName
from tts.eval.replay.importers import import_rows, kind_of, read_fields, write_pool
from tts.values import Problem


def imported(
    path: Path, problems: Sequence[Problem] = ()
) -> tuple[list[SampleRow], tuple[str, ...]]:
    found = asyncio.run(import_rows(path, problems))
    return list(found.rows), found.notes


def lines(folder: Path, *rows: Any, name: str = "rows.jsonl") -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(map(json.dumps, rows)))
    return path


# inspect_ai


def sample(**changes: Any) -> dict[str, Any]:
    """A sample of a log, as inspect_ai writes it."""
    message = {"role": "assistant", "content": [{"type": "text", "text": "So 4."}]}
    output = {
        "model": "openai/gpt-4o",
        "choices": [{"message": message, "stop_reason": "stop"}],
        "usage": {"input_tokens": 11, "output_tokens": 5, "total_tokens": 16},
        "time": 1.5,
    }
    plain = {
        "id": 1,
        "epoch": 1,
        "input": "2 + 2?",
        "target": "4",
        "output": output,
        "scores": {"match": {"value": "C", "answer": "4"}},
    }
    return {**plain, **changes}


HEAD = {"version": 2, "status": "success", "eval": {"task": "sums", "model": "openai/gpt-4o"}}


@pytest.fixture(params=["zip", "json", "line"])
def log(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    """Writes a log in each of the forms that inspect_ai has."""

    def written(*samples: dict[str, Any]) -> Path:
        if request.param == "zip":
            path = tmp_path / "log.eval"
            with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
                archive.writestr("header.json", json.dumps(HEAD))
                for at, one in enumerate(samples):
                    archive.writestr(f"samples/{at}_epoch_1.json", json.dumps(one))
            return path
        path = tmp_path / "log.json"
        indent = 2 if request.param == "json" else None
        path.write_text(json.dumps({**HEAD, "samples": samples}, indent=indent))
        return path

    return written


def test_a_log_of_inspect_has_its_draws_verdicts_and_costs(log: Any) -> None:
    rows, notes = imported(log(sample(), sample(epoch=2, scores={"match": {"value": "I"}})))
    first, second = rows
    assert (first.problem_id, first.problem, first.reference) == ("1", "2 + 2?", "4")
    assert (first.completion, first.answer, first.correct) == ("So 4.", "4", True)
    assert (first.prompt_tokens, first.completion_tokens, first.seconds) == (11, 5, 1.5)
    assert (second.replicate, second.correct, notes) == (1, False, ())


def test_a_log_that_is_half_known_keeps_every_sample(log: Any) -> None:
    rows, notes = imported(
        log(
            sample(),
            sample(id=2, scores=None),
            sample(id=3, output=None, scores=None, error={"message": "x"}),
        )
    )
    assert [row.correct for row in rows] == [True, None, None]
    assert [row.failed for row in rows] == [False, False, True]
    assert notes == ("1 sample of 3 have no verdict.",)


def test_messages_and_texts_that_are_kept_apart_are_found(log: Any) -> None:
    asked = [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "attachment://a"},
    ]
    rows, _ = imported(log(sample(input=asked, attachments={"a": "2 + 2, in full?"})))
    assert rows[0].problem == "2 + 2, in full?"


def test_a_number_that_is_no_verdict_is_a_score(log: Any) -> None:
    rows, _ = imported(log(sample(scores={"model": {"value": 0.7}})))
    assert (rows[0].correct, rows[0].score) == (None, 0.7)


def test_a_log_without_samples_is_told(log: Any) -> None:
    with pytest.raises(BadInput, match=r"status 'success'.*holds no samples"):
        imported(log())


def test_a_zip_that_is_no_log_is_told(tmp_path: Path) -> None:
    path = tmp_path / "other.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("readme", "none")
    with pytest.raises(BadInput, match=r"without header.json"):
        imported(path)


# Lines of other programs


def test_human_eval_samples_have_their_verdicts(tmp_path: Path) -> None:
    rows, notes = imported(
        lines(
            tmp_path,
            {"task_id": "HumanEval/0", "completion": "a", "passed": True},
            {"task_id": "HumanEval/0", "completion": "b", "result": "failed: x"},
            {"task_id": "HumanEval/1", "completion": "c"},
            name="codegen.jsonl",
        )
    )
    assert [(row.model, row.sample_index, row.correct) for row in rows] == [
        ("codegen", 0, True),
        ("codegen", 1, False),
        ("codegen", 0, None),
    ]
    assert notes == ("1 line have no verdict: grade them first, or give a file of references.",)


def body(*texts: str, **usage: Any) -> dict[str, Any]:
    choices = [
        {"index": at, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
        for at, text in enumerate(texts)
    ]
    return {"model": "gpt-4o-mini", "choices": choices, "usage": usage}


def answered(name: str, told: dict[str, Any], status: int = 200) -> dict[str, Any]:
    response = {"status_code": status, "request_id": "r", "body": told}
    return {"id": "b", "custom_id": name, "response": response, "error": None}


def test_a_batch_has_its_choices_counts_and_failures(tmp_path: Path) -> None:
    details = {"reasoning_tokens": 3}
    rows, notes = imported(
        lines(
            tmp_path,
            answered(
                "p1",
                body(
                    "So \\boxed{4}",
                    prompt_tokens=9,
                    completion_tokens=7,
                    completion_tokens_details=details,
                ),
            ),
            answered("p2", body("a", "b", prompt_tokens=9, completion_tokens=8)),
            answered("p3", {"error": {"message": "too long"}}, status=400),
            {"custom_id": "p4", "response": None, "error": {"code": "expired"}},
        )
    )
    assert [(row.problem_id, row.failed) for row in rows] == [
        *(("p1", False), ("p2", False), ("p2", False)),
        *(("p3", True), ("p4", True)),
    ]
    assert (rows[0].completion_tokens, rows[0].reasoning_tokens) == (7, 3)
    assert (rows[1].completion_tokens, rows[1].shared_tokens) == (None, 4.0)
    assert notes == ("2 lines are requests that failed.",)


def test_a_batch_of_responses_has_its_texts(tmp_path: Path) -> None:
    told = {
        "object": "response",
        "model": "gpt-5",
        "output": [
            {"type": "reasoning", "content": []},
            {"type": "message", "content": [{"type": "output_text", "text": "4"}]},
        ],
        "usage": {"input_tokens": 9, "output_tokens": 7},
    }
    rows, _ = imported(lines(tmp_path, answered("p1", told)))
    assert (rows[0].completion, rows[0].prompt_tokens, rows[0].completion_tokens) == ("4", 9, 7)


def test_ids_of_a_batch_find_their_problems(tmp_path: Path) -> None:
    path = lines(tmp_path, *(answered(name, body("4")) for name in ("p7-0", "p7-1", "p8")))
    problems = [
        Problem(id="p7", prompt="2 + 2?", answer="4"),
        Problem(id="p8", prompt="?", answer="5"),
    ]
    rows, _ = imported(path, problems)
    assert [(row.problem_id, row.sample_index, row.reference) for row in rows] == [
        ("p7", 0, "4"),
        ("p7", 1, "4"),
        ("p8", 0, "5"),
    ]


def document(**changes: Any) -> dict[str, Any]:
    plain = {
        "doc_id": 3,
        "doc": {"question": "2 + 2?", "answer": "It is 4 #### 4"},
        "target": "It is 4 #### 4",
        "resps": [["So 4. #### 4"]],
        "filtered_resps": ["4"],
        "filter": "strict-match",
        "metrics": ["exact_match"],
        "exact_match": 1.0,
    }
    return {**plain, **changes}


def test_samples_of_lm_eval_have_question_reference_and_verdict(tmp_path: Path) -> None:
    path = lines(
        tmp_path,
        document(),
        document(filter="flexible-extract", exact_match=0.0),
        document(doc_id=4, resps=[["#### 5", "#### 4"]], exact_match=1.0),
        name="org__model/samples_gsm8k_2024-06-28T00-00-00.jsonl",
    )
    rows, notes = imported(path)
    assert [(row.problem_id, row.answer, row.correct) for row in rows] == [
        *(("3", "4", True), ("4", None, None), ("4", None, None)),
    ]
    assert (rows[0].model, rows[0].dataset, rows[0].reference) == ("org__model", "gsm8k", "4")
    assert notes == ("1 line repeat a draw under another filter; the first one of each counts.",)


# Names of somebody else's


def fielded(path: Path, *texts: str) -> list[SampleRow]:
    return list(asyncio.run(import_rows(path, (), read_fields(texts))).rows)


def test_a_row_in_other_names_is_read_by_what_is_told(tmp_path: Path) -> None:
    row = {"uid": 7, "question": "2 + 2?", "gold": 4, "out": {"text": "4", "usage": {"n": 3}}}
    [found] = fielded(
        lines(tmp_path, row),
        *("problem_id=uid", "problem=question", "reference=gold"),
        *("completion=out.text", "completion_tokens=out.usage.n"),
    )
    assert (found.problem_id, found.problem, found.reference) == ("7", "2 + 2?", "4")
    assert (found.completion, found.completion_tokens) == ("4", 3)


def test_lists_hold_several_draws_and_scores_of_steps_end_with_that_of_the_whole(
    tmp_path: Path,
) -> None:
    row = {"problem": "2 + 2?", "answer": "4", "texts": ["4", "5"], "steps": [[0.1, 0.9], [0.4]]}
    found = fielded(lines(tmp_path, row), "completion=texts", "score=steps", "reference=answer")
    assert [(one.completion, one.score, one.answer) for one in found] == [
        *(("4", 0.9, None), ("5", 0.4, None)),
    ]
    assert [(one.sample_index, one.reference) for one in found] == [(0, "4"), (1, "4")]


@pytest.mark.parametrize(
    ("texts", "reason"),
    [
        (["completion"], "--field takes name=theirs"),
        (["text=output"], "no field of a row 'text'"),
        (["completion=output"], r":1: it has no 'output'; it has a, b, problem"),
        (["completion=a", "score=b"], r":1: its lists differ in length"),
    ],
)
def test_names_that_are_not_there_are_told(tmp_path: Path, texts: list[str], reason: str) -> None:
    path = lines(tmp_path, {"problem": "x", "a": ["1", "2"], "b": [0.5]})
    with pytest.raises((BadInput, UnknownName), match=reason):
        fielded(path, *texts)


# Rows, arrays, and files that are neither


def test_an_array_of_rows_is_a_pool(tmp_path: Path) -> None:
    path = tmp_path / "rows.json"
    path.write_text(json.dumps([{"problem_id": "p", "correct": True}], indent=2))
    rows, _ = imported(path)
    assert (rows[0].problem_id, rows[0].correct) == ("p", True)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('{"question": "x", "prediction": "y"}', "neither `problem_id` nor `problem`"),
        ('{"custom_id": "p", "response": {"body": {"choices": [5]}}}', "no line of openai-batch"),
        ('{"doc_id": 1, "resps": [[[-1.5, false]]]}', "log-likelihoods"),
        ('{"task_id": "a", "completion": "b"}\n{"completion": "c"}', ":2: no line of human-eval"),
        ('{"task_id": "a", "completion": "b"}\nnonsense', ":2: is no JSON"),
        ("[1, 2]", "no array of rows"),
        ("[1,", "is no JSON"),
        ("question,answer\n1,2", "not a recorded sample"),
    ],
)
def test_a_file_of_another_layout_is_told_in_one_line(
    tmp_path: Path, text: str, reason: str
) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text(text)
    with pytest.raises(BadInput, match=reason) as told:
        imported(path)
    assert "\n" not in str(told.value)


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="cannot be read"):
        kind_of(tmp_path / "none.jsonl")


def test_a_pool_is_written_whole_and_read_back(tmp_path: Path) -> None:
    path = lines(tmp_path, {"problem_id": "p", "correct": True, "extra": {"seconds": 2}})
    target = tmp_path / "pool.jsonl.gz"
    rows, _ = imported(path)
    assert write_pool(target, rows) == 1
    assert list(read_rows(target)) == rows and b"null" not in gzip.decompress(target.read_bytes())
    with pytest.raises(BadInput, match="exists already"):
        write_pool(target, rows)


def test_a_pool_that_cannot_be_read_to_its_end_is_not_written(tmp_path: Path) -> None:
    path = lines(tmp_path, {"problem_id": "p"}, {})
    target = tmp_path / "pool.jsonl"
    with pytest.raises(BadInput, match=":2: not a recorded sample"):
        write_pool(target, read_rows(path))
    assert [one.name for one in tmp_path.iterdir()] == ["rows.jsonl"]


# Numbers that cannot be, wherever they stand


NAN = float("nan")


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        ([answered("p", body("4", prompt_tokens=9, completion_tokens=-7))], ":1: .*is -7"),
        (
            [document(), document(doc_id=4, doc={"question": "x"}), {"doc_id": 5, "resps": 7}],
            ":3: no line of lm-eval",
        ),
        (
            [
                answered("p", body("4", "5", completion_tokens=4)),
                answered("q", body("4", prompt_tokens=-1, completion_tokens=1)),
            ],
            ":2: .*`prompt_tokens` is -1",
        ),
    ],
)
def test_a_line_of_another_program_with_such_a_number_is_named(
    tmp_path: Path, rows: list[dict[str, Any]], reason: str
) -> None:
    with pytest.raises(BadInput, match=rf"rows.jsonl{reason}"):
        imported(lines(tmp_path, *rows))


@pytest.mark.parametrize("name", ["score", "seconds", "completion_tokens", "answer", "correct"])
def test_a_number_that_is_none_is_named_in_rows_of_other_names(tmp_path: Path, name: str) -> None:
    path = lines(tmp_path, {"problem": "x"}, {"problem": "x", "theirs": NAN})
    path.write_text(path.read_text().replace('{"problem": "x"}', '{"problem": "x", "theirs": 1}'))
    with pytest.raises(BadInput, match=rf"rows.jsonl:2: .*`{name}` is nan;"):
        fielded(path, f"{name}=theirs")


def test_a_number_that_is_none_is_named_in_an_array(tmp_path: Path) -> None:
    path = tmp_path / "rows.json"
    path.write_text(json.dumps([{"problem": "x", "score": 1}, {"problem": "x", "score": NAN}]))
    with pytest.raises(BadInput, match=r"rows.json: row 2: .*`score` is nan; it takes a finite"):
        imported(path)


def test_a_sample_of_inspect_with_such_a_number_is_named(log: Any) -> None:
    with pytest.raises(BadInput, match=r": sample 2: .*`seconds` is -1.5"):
        imported(log(sample(), sample(working_time=-1.5)))


def test_an_evaluation_of_livecodebench_has_its_programs_and_verdicts(tmp_path: Path) -> None:
    row = {
        "question_id": "abc387_f",
        "question_title": "Count Arrays",
        "question_content": "How many arrays are there?",
        "output_list": ["```python\nprint(1)\n```", "no"],
        "code_list": ["print(1)", ""],
        "graded_list": [True, False],
        "pass@1": 0.5,
    }
    path = tmp_path / "codegeneration_10_0.2_eval_all.json"
    path.write_text(json.dumps([row]))
    rows, _ = imported(path)
    assert [(one.completion, one.correct) for one in rows] == [("print(1)", True), ("", False)]
    assert {(one.problem_id, one.problem) for one in rows} == {
        ("abc387_f", "How many arrays are there?")
    }


def test_an_evaluation_whose_lists_differ_in_length_is_named_by_its_row(tmp_path: Path) -> None:
    path = tmp_path / "eval_all.json"
    row = {"question_id": "a", "question_content": "q", "code_list": ["x"], "graded_list": []}
    path.write_text(json.dumps([row]))
    with pytest.raises(BadInput, match="row 1: its lists differ in length"):
        imported(path)


def test_solutions_of_codet_are_draws_without_a_verdict(tmp_path: Path) -> None:
    path = lines(tmp_path, {"prompt": "def f():\n", "samples": ["    return 1", "    return 2"]})
    rows, notes = imported(path)
    assert [(one.completion, one.correct) for one in rows] == [
        ("    return 1", None),
        ("    return 2", None),
    ]
    assert notes == ("2 lines have no verdict: grade them first, or give a file of references.",)
