"""Lists of what a ledger holds are shown in part, and say so."""

from __future__ import annotations

from pathlib import Path

from msgspec.structs import replace

from tts.cli.ledger import MOST_ROWS, attributed_table, jobs_table
from tts.cli.trace import runs_table
from tts.errors import MOST_NAMES
from tts.eval.trace import run_lines
from tts.eval.trace.read import some
from tts.ledger import Ledger
from tts.ledger.questions import JobSummary, Share
from tts.protocols import RunRow
from tts.values import NOTHING

MANY = 40_000


async def test_a_list_of_runs_is_read_in_part(tmp_path: Path) -> None:
    place = tmp_path / "ledger.db"
    run = RunRow(
        job="j", run_id="", problem_id="p", strategy='{"name":"single"}', budget="{}", replicate=0
    )
    async with Ledger.open(place, job="j") as ledger:
        await ledger.commit(*(replace(run, run_id=f"{at:016x}") for at in range(9)))
    lines, count = run_lines(place, "j", most=4)
    assert [line.run_id for line in lines] == [f"{at:016x}" for at in range(4)]
    assert count == 9 and runs_table(lines).row_count == 4


def test_tables_of_a_ledger_are_shown_in_part_and_say_so() -> None:
    share = Share(name="r", uses=1, usage=NOTHING, known=NOTHING)  # type: ignore[arg-type]
    job = JobSummary(job="j", kind="comparison", created_at=0.0, runs=1, ended=1)
    for table in (attributed_table([share] * MANY, "run"), jobs_table([job] * MANY)):
        assert table.row_count == MOST_ROWS
        assert "39,800 more rows" in str(table.caption)


def test_names_in_a_message_are_a_few() -> None:
    assert some(["a", "b"]) == "a, b"
    assert some(["x"] * MANY).endswith(f"and {MANY - MOST_NAMES:,} more")
