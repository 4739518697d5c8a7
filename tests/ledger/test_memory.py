from __future__ import annotations

from typing import Any

from tts.ledger import MemoryJournal
from tts.protocols import Journal


async def test_a_commit_resolves_on_the_next_tick(rows: Any) -> None:
    journal: Journal = MemoryJournal()
    done = journal.commit(rows.call("k"))
    assert journal.find("k") is None
    await done
    assert journal.find("k") == rows.call("k")


async def test_a_forgotten_problem_can_be_loaded_again(rows: Any) -> None:
    journal = MemoryJournal()
    journal.write(rows.call("k"), rows.run("r2", problem_id="p2"))
    journal.write(rows.use("n", run_id="r2", key="k"))
    journal.forget("p")
    assert journal.find("k") is None
    await journal.load("p2")
    assert journal.find("k") == rows.call("k")


async def test_what_was_written_is_answered(rows: Any) -> None:
    async with MemoryJournal() as journal:
        journal.write(rows.use("a"), rows.use("b", run_id="r2"), rows.run())
        await journal.commit(rows.run(stopped_by="done"))
        assert await journal.uses("r") == [rows.use("a")]
        assert await journal.runs() == [rows.run(stopped_by="done")]
        assert await journal.outcomes("r") == []


async def test_the_first_call_of_a_key_stays(rows: Any) -> None:
    journal = MemoryJournal()
    journal.write(rows.call("k", content=b"1"), rows.call("k", content=b"2"))
    found = journal.find("k")
    assert found is not None and found.content == b"1"
