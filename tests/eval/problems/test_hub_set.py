from __future__ import annotations

from collections.abc import Iterable, Mapping
from importlib.util import find_spec
from typing import Any

import pytest

from tts.errors import BadInput
from tts.eval.problems import HubSource, hub_set, load_problems


def test_a_known_set_is_read_in_its_own_part_at_the_pinned_commit() -> None:
    asked: list[tuple[HubSource, str | None]] = []

    def fetch(source: HubSource, revision: str | None) -> Iterable[Mapping[str, Any]]:
        asked.append((source, revision))
        return [{"question": "q", "answer": "a\n#### 5"}]

    found = hub_set("openai/gsm8k", revision="abc", fetch=fetch)
    assert asked == [(HubSource(repository="openai/gsm8k", config="main"), "abc")]
    assert (found.revision, found.problems[0].id, found.problems[0].answer) == (
        "abc",
        "gsm8k-0",
        "5",
    )


def test_an_unreachable_hub_is_an_error_of_the_user() -> None:
    def fetch(source: HubSource, revision: str | None) -> Iterable[Mapping[str, Any]]:
        raise ConnectionError("no route")

    with pytest.raises(BadInput, match=r"cannot be fetched.*no route.*local JSON Lines"):
        hub_set("math-ai/aime25", fetch=fetch)


@pytest.mark.skipif(find_spec("datasets") is not None, reason="the datasets extra is installed")
def test_the_missing_extra_is_named() -> None:
    with pytest.raises(BadInput, match=r"tts-engine\[datasets\]"):
        load_problems("HuggingFaceH4/MATH-500")
