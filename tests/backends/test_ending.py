from __future__ import annotations

from typing import Any

import pytest

from tts.backends.openai_http.ending import finish_reason, with_stop


@pytest.mark.parametrize(
    ("reported", "reason"),
    [
        ("stop", "stop"),
        ("end_turn", "stop"),
        ("length", "length"),
        ("content_filter", "content_filter"),
        ("function_call", "tool_calls"),
        ("max_tokens", "length"),
        ("SAFETY", "content_filter"),
        ("refusal", "refusal"),
        ("something new", "unknown"),
        ("", "unknown"),
        (None, "unknown"),
        (7, "unknown"),
        (["stop"], "unknown"),
        ("abort", None),
        ("error", None),
    ],
)
def test_a_servers_word_for_an_end_is_read_and_an_unknown_one_is_unknown(
    reported: Any, reason: str | None
) -> None:
    assert finish_reason(reported) == reason


@pytest.mark.parametrize(
    ("text", "matched", "result"),
    [
        ("a\n\n", "\n\n", ("a\n\n", "\n\n")),
        ("a", "\n\n", ("a\n\n", "\n\n")),
        ("a\n\n", None, ("a\n\n", "\n\n")),
        ("a", None, ("a", None)),
        ("a", 151645, ("a", None)),
    ],
)
def test_the_stop_string_is_kept_restored_or_unknown(
    text: str, matched: str | int | None, result: tuple[str, str | None]
) -> None:
    assert with_stop(text, ("\n\n", "END"), matched, "stop") == result


def test_a_truncated_text_has_no_stop() -> None:
    assert with_stop("a\n\n", ("\n\n",), None, "length") == ("a\n\n", None)
