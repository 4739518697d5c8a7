"""What a reader of the figures has to know."""

from __future__ import annotations

from collections.abc import Sequence

from tts.eval.report.row import Row

OUT = ": left out of the accuracy, kept in the cost."


def cautions(rows: Sequence[Row]) -> tuple[str, ...]:
    """Sentences on runs left out, undecided or unpriced, and on rows of unequal n."""
    runs = sum(row.runs for row in rows)
    failed = sum(row.stopped_by.get("failed", 0) for row in rows)
    suspended = sum(row.stopped_by.get("suspended", 0) for row in rows)
    outages = sum(row.stopped_by.get("outage", 0) for row in rows)
    others = sum(row.ungraded for row in rows) - failed - suspended - outages
    early = sum(row.early for row in rows)
    undecided = sum(row.undecided for row in rows)
    unpriced = sum(row.attributed.nanodollars is None for row in rows)
    sizes = [row.n for row in rows]
    said = {
        f"{failed:,} of {runs:,} runs failed{OUT}": failed,
        f"{suspended:,} of {runs:,} runs are suspended, by the wallet or a person{OUT}": suspended,
        f"{outages:,} of {runs:,} runs are open after an outage{OUT}": outages,
        f"{others:,} of {runs:,} runs have nothing to be graded by{OUT}": others > 0,
        f"{early:,} of {runs:,} runs ended ahead of their turn, as quick ones do: left out of the "
        "accuracy of this part, kept in the cost.": early,
        f"{undecided:,} of {runs:,} answers could not be compared with the reference and count "
        "as wrong.": undecided,
        f"The rows rest on {min(sizes, default=0)} to {max(sizes, default=0)} problems; differences "
        "are taken over the problems that both have.": len(set(sizes)) > 1,
        f"The price of {unpriced} of {len(rows)} rows is unknown.": unpriced,
    }
    return tuple(sentence for sentence, holds in said.items() if holds)
