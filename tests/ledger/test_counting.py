"""Counts of what a process sends, in the text format of Prometheus."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from tts.ledger import Ledger
from tts.ledger.counting import Counts
from tts.values import Usage

LABELS = 'job="job",model="m",role="sample"'


def told(counts: Counts) -> dict[str, float]:
    lines = (line for line in counts.text().splitlines() if not line.startswith("#"))
    return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines)}


async def test_what_is_in_flight_and_what_ended_is_counted_by_model_and_role(
    sqlite_place: str, rows: Any
) -> None:
    counts = Counts()
    billed = Usage(calls=1, prompt_tokens=7, completion_tokens=5, nanodollars=30)
    unknown = replace(billed, nanodollars=None)
    async with Ledger.open(sqlite_place, job="job", watched_by=[counts]) as ledger:
        ledger.write(*(replace(rows.intent(name), role="sample", model="m") for name in "abcd"))
        ledger.write(replace(rows.settled("a"), state="settled", billed=billed))
        ledger.write(replace(rows.settled("b"), state="settled", billed=unknown))
        ledger.write(replace(rows.settled("c"), state="sent_unknown", billed=billed))
        await ledger.commit()
        found = told(counts)
    assert found[f"tts_requests_in_flight{{{LABELS}}}"] == 1
    assert found[f'tts_requests_total{{{LABELS},state="settled"}}'] == 2
    assert found[f'tts_requests_total{{{LABELS},state="sent_unknown"}}'] == 1
    assert found[f"tts_input_tokens_total{{{LABELS}}}"] == 14
    assert found[f"tts_output_tokens_total{{{LABELS}}}"] == 10
    assert found[f"tts_nanodollars_total{{{LABELS}}}"] == 30
    assert found[f"tts_unpriced_requests_total{{{LABELS}}}"] == 1
    assert told(counts)[f"tts_requests_in_flight{{{LABELS}}}"] == 0


def test_names_of_models_cannot_break_a_line(rows: Any) -> None:
    counts = Counts()
    counts([replace(rows.intent("a"), model='m"\n\\x')])
    assert 'model="m\\"\\n\\\\x"' in counts.text()
    assert all(line.startswith(("#", "tts_")) for line in counts.text().splitlines())
