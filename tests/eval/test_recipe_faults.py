"""A recipe that is wrong is told with its key, and with what to write instead."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tts.errors import BadInput
from tts.eval.recipe import read_parts, recipe_of

PLAIN: dict[str, Any] = {"problems": "arithmetic:5", "strategies": ["single"]}


def told(**keys: Any) -> str:
    with pytest.raises(BadInput) as caught:
        recipe_of({**PLAIN, **keys})
    return str(caught.value)


def test_a_missing_key_is_told_with_the_option_that_gives_it() -> None:
    with pytest.raises(BadInput, match="strategies is missing: give --strategies"):
        recipe_of({"model": "embedded:small", "problems": "embedded"}, where="Options")


def test_a_key_that_there_is_not_is_told_its_near_name() -> None:
    assert "no key stratgies. Did you mean strategies?" in told(stratgies=["single"])


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("repeats", True),
        ("repeats", 0),
        ("timeout", float("nan")),
        ("concurrency", "many"),
        ("models", ["a"]),
        ("strategies", []),
        ("strategies", [None]),
        ("budgets", [None]),
        ("budgets", [True]),
        ("budgets", [{}]),
        ("bins", "hard"),
        ("sampling", 3),
        ("problems", 5),
    ],
)
def test_a_value_of_a_wrong_kind_is_told_with_its_flag(key: str, value: Any) -> None:
    assert f"--{key}" in told(**{key: value})


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "mapping of keys"),
        ("- a\n- b\n", "mapping of keys"),
        ("1: x\n", "mapping of keys"),
        ("title: a\ntitle: b\n", "second time"),
        ("sampling: {top_p: 1, top_p: 0.5}\n", "second time"),
        ("? [a, b]\n: 1\n", "not YAML"),
        ("title: [\n", "not YAML"),
        ("a: 1\n---\nb: 2\n", "not YAML"),
        ("title: !!python/object:os.system x\n", "not YAML"),
        ("title: \x00\n", "not YAML"),
        ("[" * 5000, "deep"),
    ],
)
def test_a_file_that_is_no_recipe_says_why(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "r.yaml"
    path.write_text(text)
    with pytest.raises(BadInput, match=said):
        read_parts(path)


@pytest.mark.parametrize("data", [b"\xff\xfet\x00", b"\x80\x81", b"PK\x03\x04\xff"])
def test_a_file_that_is_no_text_is_said(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "r.yaml"
    path.write_bytes(data)
    with pytest.raises(BadInput, match="UTF-8"):
        read_parts(path)


def test_a_folder_is_no_recipe(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="directory"):
        read_parts(tmp_path)


def test_a_byte_order_mark_is_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "r.yaml"
    path.write_bytes(b"\xef\xbb\xbfproblems: arithmetic:5\nstrategies: single\n")
    assert read_parts(path)[""].strategies == ["single"]
