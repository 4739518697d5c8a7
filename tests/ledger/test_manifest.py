from __future__ import annotations

import pytest

from tts.errors import ManifestChanged
from tts.ledger import check_manifest, manifest_diff

OLD = '{"code":"1.0","data":{"hash":"aa","n":3},"model":["m","r1"]}'


def test_equal_manifests_have_no_difference() -> None:
    assert manifest_diff(OLD, OLD) == []


def test_each_path_that_differs_is_one_line() -> None:
    new = '{"code":"1.0","data":{"hash":"bb","n":3},"model":["m","r2"],"seed":1}'
    assert manifest_diff(OLD, new) == [
        'data.hash: "aa" is now "bb"',
        'model: ["m","r1"] is now ["m","r2"]',
        "seed: null is now 1",
    ]


def test_numbers_and_truths_are_not_confused() -> None:
    assert manifest_diff('{"a":1}', '{"a":true}') == ["a: 1 is now true"]


def test_what_changes_keys_or_grades_refuses_with_the_diff() -> None:
    new = OLD.replace("aa", "bb").replace("1.0", "1.1")
    with pytest.raises(ManifestChanged, match=r'data.hash: "aa" is now "bb"') as caught:
        check_manifest(OLD, new, warns=["code"])
    assert "code" not in str(caught.value)


def test_a_path_that_only_warns_is_returned() -> None:
    lines = check_manifest(OLD, OLD.replace("1.0", "1.1"), warns=["code"])
    assert lines == ['code: "1.0" is now "1.1"']
    assert check_manifest(OLD, OLD.replace("aa", "bb"), warns=["data"])
