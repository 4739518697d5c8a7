"""A ledger that version 0.1.0 wrote goes on: nothing of it is paid for again."""

from __future__ import annotations

import json
import lzma
import sqlite3
from importlib import util
from pathlib import Path
from typing import Any

import pytest

from tts.backends.simulated import SimulatedSteps
from tts.ledger import Questions, decode_result
from tts.ledger.connect import connect
from tts.ledger.schema import migrate

GOLDEN = Path(__file__).parent / "golden"


def load_work() -> Any:
    spec = util.spec_from_file_location("golden_work", GOLDEN / "work.py")
    assert spec is not None and spec.loader is not None
    module = util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


work = load_work()
RESULTS = json.loads((GOLDEN / "results.json").read_text())


class Silent(SimulatedSteps):
    """Nothing may be asked for again."""

    async def generate(self, request: Any, meter: Any, listener: Any = None) -> Any:
        raise AssertionError("a finished call was sent again")


@pytest.fixture
def place(tmp_path: Path) -> str:
    found = tmp_path / "old.sqlite"
    found.write_bytes(lzma.decompress((GOLDEN / "ledger_0.1.0.sqlite.xz").read_bytes()))
    return str(found)


def changed(place: str, *statements: str) -> None:
    connection = sqlite3.connect(place)
    for statement in statements:
        connection.execute(statement)
    connection.commit()
    connection.close()


def plain(found: Any) -> Any:
    return json.loads(json.dumps(found))


REOPENED = "UPDATE runs SET result = NULL, stopped_by = NULL"


async def test_runs_are_replayed_call_by_call_with_nothing_sent(place: str) -> None:
    changed(place, REOPENED)
    assert plain(await work.solved(place, Silent())) == RESULTS


async def test_what_of_the_calls_is_missing_is_made_again_and_nothing_changes(place: str) -> None:
    mine = "run_id IN (SELECT run_id FROM runs WHERE problem_id = 'p1')"
    changed(
        place,
        REOPENED,
        "DELETE FROM calls WHERE problem_id = 'p1'",
        f"DELETE FROM uses WHERE {mine}",
    )
    assert plain(await work.solved(place, SimulatedSteps())) == RESULTS


async def test_its_bill_is_the_same_after_it_was_opened(place: str) -> None:
    connection = sqlite3.connect(place)
    before = connection.execute(
        "SELECT COUNT(*), SUM(billed_completion_tokens) FROM attempts WHERE state = 'settled'"
    ).fetchone()
    connection.close()
    changed(place, REOPENED)
    await work.solved(place, Silent())
    questions = Questions.open(place)
    [bill] = questions.billed(work.JOB)
    questions.close()
    assert (bill.attempts - bill.unknown, bill.lower.completion_tokens) == before


def test_fresh_tokens_that_nobody_counted_are_unknown(place: str) -> None:
    engine = connect(place)
    migrate(engine)
    engine.dispose()
    questions = Questions.open(place)
    [told] = questions.attributed(work.JOB)
    questions.close()
    assert told.usage.fresh_tokens is None and told.usage.tokens > 0
    connection = sqlite3.connect(place)
    results = [row[0] for row in connection.execute("SELECT result FROM runs")]
    connection.close()
    usages = [decode_result(one, work.PROBLEMS[0]).usage for one in results]
    assert {usage.fresh_tokens for usage in usages} == {None}


async def test_a_replay_counts_them_anew(place: str) -> None:
    changed(place, REOPENED)
    found: list[Any] = []
    await work.solved(place, Silent(), heard=lambda run: found.append(run.usage))
    assert all(0 < usage.fresh_tokens < usage.tokens for usage in found)
