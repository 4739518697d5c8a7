from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tts.ledger import Ledger, encode_result
from tts.ledger.tables import METADATA
from tts.protocols import OutcomeRow
from tts.values import Result, Usage
from tts.values.redacted import redact

PLANTED = "planted-value-of-a-key-0123456789"
SHAPES = ["Bearer abc.def-123", "sk-proj-0123456789abcdef", "https://x/?key=abc123&b", PLANTED]
BARE = ["abc.def-123", "sk-proj-0123456789abcdef", "abc123", PLANTED]


@pytest.fixture(autouse=True)
def planted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_API_KEY", PLANTED)


async def test_keys_that_errors_echo_never_reach_the_file(sqlite_place: str, rows: Any) -> None:
    error = "refused: " + " | ".join(SHAPES)
    failed = OutcomeRow(
        job="job", run_id="r", node="n", kind="failed", content=error.encode(), attributed=Usage()
    )
    async with Ledger.open(sqlite_place, job="job") as ledger:
        await ledger.commit(rows.intent("a"), rows.settled("a", error=error), failed)
    kept = b"".join(file.read_bytes() for file in Path(sqlite_place).parent.iterdir())
    assert b"refused: " in kept
    assert [secret for secret in BARE if secret.encode() in kept] == []


def test_a_failed_result_is_kept_without_the_keys_of_its_error() -> None:
    result = Result(
        problem_id="p",
        answer=None,
        candidate=None,
        candidates=(),
        usage=Usage(),
        billed=Usage(),
        stopped_by="failed",
        error=f"401 for {PLANTED}",
    )
    assert PLANTED.encode() not in encode_result(result)


def test_a_url_loses_its_password() -> None:
    assert "hunter2" not in redact("cannot reach postgresql://user:hunter2@host/db")


@pytest.mark.parametrize(
    "text",
    [
        "x-api-key: hunter2hunter2",
        '{"api_key": "hunter2hunter2"}',
        "Authorization: Basic hunter2hunter2",
        "password=hunter2hunter2&x=1",
    ],
)
def test_a_value_behind_the_name_of_a_key_is_masked_and_the_name_stays(text: str) -> None:
    masked = redact(text)
    assert "hunter2" not in masked and "[redacted]" in masked and masked[:8] == text[:8]


def test_ordinary_words_stay() -> None:
    text = "The key of monkeys: token budget 12, sk-8 road"
    assert redact(text) == text


def test_no_column_holds_headers() -> None:
    names = [column.name for table in METADATA.tables.values() for column in table.c]
    assert not [n for n in names if "header" in n or "api_key" in n or "authorization" in n]
