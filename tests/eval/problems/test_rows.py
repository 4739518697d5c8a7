from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from tts.errors import BadInput
from tts.eval.problems import file_set
from tts.eval.problems.lines import MAX_LINE_BYTES

GOOD = '{"id": "a", "problem": "1 + 1?", "answer": 2}\n'


def written(folder: Path, content: str | bytes, name: str = "set.jsonl") -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def test_a_json_lines_row_becomes_a_problem(tmp_path: Path) -> None:
    path = written(
        tmp_path, '{"id": 7, "question": "Q", "final_answer": ["x"], "level": "Level 3"}'
    )
    (problem,) = file_set(path).problems
    assert (problem.id, problem.prompt, problem.answer) == ("7", "Q", "x")
    assert problem.difficulty_bin == 3


def test_rows_without_an_id_are_named_by_file_and_position(tmp_path: Path) -> None:
    path = written(tmp_path, '{"problem": "Q"}\n\n{"problem": "R"}\n', "mine.jsonl")
    assert [one.id for one in file_set(path).problems] == ["mine-0", "mine-1"]


def test_the_answer_of_gsm8k_stands_after_its_mark(tmp_path: Path) -> None:
    path = written(tmp_path, json.dumps({"question": "Q", "answer": "2*9=18\n#### 18"}))
    (problem,) = file_set(path).problems
    assert problem.answer == "18"
    assert problem.metadata["solution"].startswith("2*9")


def test_the_objects_of_a_json_array_are_problems(tmp_path: Path) -> None:
    rows = [{"problem": "Q", "answer": 1}, {"id": "b", "question": "R ] ,", "answer": "2"}]
    for indent in (None, 2):
        path = written(tmp_path, json.dumps(rows, indent=indent), "mine.json")
        found = file_set(path).problems
        assert [(one.id, one.prompt, one.answer) for one in found] == [
            ("mine-0", "Q", "1"),
            ("b", "R ] ,", "2"),
        ]


def test_json_lines_in_a_file_that_is_called_json_are_read(tmp_path: Path) -> None:
    path = written(tmp_path, GOOD + GOOD.replace('"a"', '"b"'), "set.json")
    assert [one.id for one in file_set(path).problems] == ["a", "b"]


@pytest.mark.parametrize(
    ("element", "reason"),
    [
        ('{"problem": "Q", "answer": NaN}', "2: NaN is not a JSON number"),
        ('{"problem": "Q", "answer": ' + "9" * 5000 + "}", "2: Exceeds the limit"),
        ("7", "2: a JSON object is needed, not int"),
        ("{", "3: not JSON"),
        ("[" * 200_000, "2: nested deeper"),
        ('{"problem": "Q"} {"problem": "R"}', "2: not JSON: a JSON array of objects"),
        ('{"problem": "Q", "answer": 1}\n]\n7', "4: not JSON"),
        ("", "3: not JSON"),
    ],
)
def test_what_is_wrong_in_an_array_is_named_by_its_line(
    tmp_path: Path, element: str, reason: str
) -> None:
    path = written(tmp_path, f"[{GOOD.strip()},\n{element}\n]\n", "set.json")
    with pytest.raises(BadInput) as caught:
        file_set(path)
    assert str(caught.value).startswith(f"{path}:{reason}")


def test_a_bad_element_that_has_an_end_may_be_skipped(tmp_path: Path) -> None:
    path = written(tmp_path, f'[{GOOD},\n{{"x": NaN}}, {GOOD.replace("a", "b", 1)}]', "set.json")
    found = file_set(path, skip_bad=True)
    assert len(found.skipped) == 1 and found.skipped[0].line == 3


def test_gzip_is_known_by_its_content(tmp_path: Path) -> None:
    path = written(tmp_path, gzip.compress(GOOD.encode()))
    assert len(file_set(path).problems) == 1


def test_csv_columns_are_found_by_the_header(tmp_path: Path) -> None:
    text = 'ID,Question,Answer,Year\r\nq1,"two\nlines, one cell",3,2024\r\n'
    (problem,) = file_set(written(tmp_path, text, "set.csv")).problems
    assert (problem.id, problem.answer, problem.metadata) == ("q1", "3", {"year": "2024"})
    assert problem.prompt == "two\nlines, one cell"


def test_a_utf8_byte_order_mark_and_crlf_are_accepted(tmp_path: Path) -> None:
    path = written(tmp_path, b"\xef\xbb\xbf" + GOOD.replace("\n", "\r\n").encode())
    assert file_set(path).problems[0].id == "a"


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("{", "not JSON"),
        ("[1]", "a JSON object is needed, not list"),
        ('{"id": "b"}', "no question"),
        ('{"id": "b", "problem": "  "}', "no question"),
        ('{"id": "b", "problem": {"x": 1}}', "'problem' must be text"),
        ('{"id": "b", "problem": 5, "answer": [1]}', "'problem' must be text, not int (5)"),
        ('{"id": "b", "problem": ["Q"]}', "'problem' must be text, not a list"),
        ('{"id": "b", "problem": true}', "'problem' must be text"),
        ('{"id": "b", "problem": "Q", "answer": [1]}', "'answer' must be text or a number"),
        ('{"id": "b", "problem": "Q", "answer": []}', "a list of nothing"),
        ('{"id": "b", "problem": "Q", "answer": true}', "not bool (True)"),
        ('{"id": "b", "problem": "Q", "answer": {}}', "'answer' must be text or a number"),
        ('{"id": "b", "problem": "Q\\u0000", "answer": 1}', "NUL"),
        ('{"id": "b", "problem": "Q\\ud83d", "answer": 1}', "lone surrogate \\ud83d"),
        ('{"id": "b", "problem": "Q", "answer": 1, "x": ["\\uDE00"]}', "lone surrogate \\ude00"),
        ('{"id": "b", "problem": "Q", "answer": NaN}', "NaN is not a JSON number"),
        ('{"id": "b", "problem": "Q", "answer": 1e999}', "out of range"),
        ('{"id": "b", "problem": "Q", "answer": ' + "9" * 5000 + "}", "Exceeds the limit"),
        ('{"id": "b", "problem": "Q", "x": ' + "[" * 99 + "]" * 99 + "}", "nested deeper"),
        ('{"id": "b", "problem": ' + "[" * 200_000, "nested deeper"),
        ('{"id": "a", "problem": "Q", "answer": 1}', "the id 'a' is that of line 1"),
        ('{"id": "b", "problem": "Q"}', "no answer, where other rows have one"),
    ],
)
def test_a_bad_line_is_named_by_file_line_and_reason(
    tmp_path: Path, line: str, reason: str
) -> None:
    path = written(tmp_path, GOOD + line + "\n")
    with pytest.raises(BadInput) as caught:
        file_set(path)
    assert str(caught.value).startswith(f"{path}:2: ")
    assert reason in str(caught.value)


def test_bytes_that_are_not_utf8_are_named_with_their_place(tmp_path: Path) -> None:
    path = written(tmp_path, GOOD.encode() + b'{"id": "\xff"}\n')
    with pytest.raises(BadInput, match=r":2: not UTF-8 at byte 8"):
        file_set(path)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-32"])
def test_utf16_is_refused_by_name(tmp_path: Path, encoding: str) -> None:
    with pytest.raises(BadInput, match=r":1: UTF-16 or UTF-32"):
        file_set(written(tmp_path, GOOD.encode(encoding)))


@pytest.mark.parametrize("name", ["set.jsonl", "set.csv"])
def test_an_empty_file_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(BadInput, match=r":1: no problem in it"):
        file_set(written(tmp_path, "", name))


def test_a_missing_file_is_an_error_of_the_user(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="No such file"):
        file_set(tmp_path / "nothing.jsonl")


def test_a_line_over_the_cap_is_refused_before_it_is_parsed(tmp_path: Path) -> None:
    path = written(tmp_path, GOOD.encode() + b"x" * (MAX_LINE_BYTES + 1) + b"\n" + b"{")
    with pytest.raises(BadInput, match=f":2: longer than {MAX_LINE_BYTES}"):
        file_set(path)


def test_reading_goes_on_behind_a_line_over_the_cap(tmp_path: Path) -> None:
    long = b"x" * (2 * MAX_LINE_BYTES + 7) + b"\n"
    found = file_set(written(tmp_path, long + GOOD.encode()), skip_bad=True)
    assert [one.line for one in found.skipped] == [1]
    assert found.problems[0].id == "a"


def test_a_gzip_bomb_is_refused(tmp_path: Path) -> None:
    bomb = gzip.compress(b" " * 100_000_000, compresslevel=1)
    with pytest.raises(BadInput, match="a gzip bomb"):
        file_set(written(tmp_path, bomb, "set.jsonl.gz"), skip_bad=True)


def test_damaged_gzip_is_refused(tmp_path: Path) -> None:
    cut = gzip.compress(GOOD.encode() * 1000)[:-20]
    with pytest.raises(BadInput, match="damaged gzip"):
        file_set(written(tmp_path, cut, "set.jsonl.gz"), skip_bad=True)


def test_skipped_rows_are_listed_with_their_reasons(tmp_path: Path) -> None:
    found = file_set(written(tmp_path, "{\n" + GOOD + "[]\n" + GOOD), skip_bad=True)
    assert [one.line for one in found.skipped] == [1, 3, 4]
    assert "a JSON object" in found.skipped[1].reason
    assert len(found.problems) == 1


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("a,a\n1,2\n", ":1: the header has the column 'a' twice"),
        ("problem\nx,y\n", ":2: 2 cells where the header has 1"),
        ('problem\n"open\n', "not CSV"),
    ],
)
def test_broken_csv_is_named_by_line(tmp_path: Path, text: str, reason: str) -> None:
    with pytest.raises(BadInput, match=reason):
        file_set(written(tmp_path, text, "set.csv"))


def test_other_file_types_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"\.jsonl"):
        file_set(written(tmp_path, GOOD, "set.txt"))
