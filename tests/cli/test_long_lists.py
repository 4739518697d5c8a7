"""Lists of what a ledger holds are shown in part, and say so."""

from __future__ import annotations

from tts.cli.ledger import MOST_ROWS, attributed_table, jobs_table
from tts.cli.trace import MOST_RUNS, runs_table
from tts.errors import MOST_NAMES
from tts.eval.trace import RunLine
from tts.eval.trace.read import some
from tts.ledger.total import JobSummary, Share
from tts.values import NOTHING

MANY = 40_000


def test_a_list_of_runs_is_shown_in_part() -> None:
    line = RunLine(
        run_id="0" * 16,
        problem_id="p",
        strategy="single",
        budget="{}",
        replicate=0,
        stopped_by="done",
        answer="5",
        usage=NOTHING,
    )
    assert runs_table([line] * MANY).row_count == MOST_RUNS


def test_tables_of_a_ledger_are_shown_in_part_and_say_so() -> None:
    share = Share(name="r", uses=1, usage=NOTHING, known=NOTHING)  # type: ignore[arg-type]
    job = JobSummary(job="j", kind="comparison", created_at=0.0, runs=1, ended=1)
    for table in (attributed_table([share] * MANY, "run"), jobs_table([job] * MANY)):
        assert table.row_count == MOST_ROWS
        assert "39,800 more rows" in str(table.caption)


def test_names_in_a_message_are_a_few() -> None:
    assert some(["a", "b"]) == "a, b"
    assert some(["x"] * MANY).endswith(f"and {MANY - MOST_NAMES:,} more")
