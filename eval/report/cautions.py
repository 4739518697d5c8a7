"""What a reader of the figures has to know."""

from __future__ import annotations

from collections.abc import Sequence

from tts.eval.report.row import Row


def cautions(rows: Sequence[Row]) -> tuple[str, ...]:
    """Sentences on runs left out, undecided or unpriced, and on rows of unequal n."""
    runs = sum(row.runs for row in rows)
    ungraded = sum(row.ungraded for row in rows)
    early = sum(row.early for row in rows)
    undecided = sum(row.undecided for row in rows)
    unpriced = sum(row.attributed.nanodollars is None for row in rows)
    sizes = [row.n for row in rows]
    said = {
        f"{ungraded:,} of {runs:,} runs failed, were suspended or have nothing to be graded by: "
        "left out of the accuracy, kept in the cost.": ungraded,
        f"{early:,} of {runs:,} runs ended ahead of their turn, as quick ones do: left out of the "
        "accuracy of this part, kept in the cost.": early,
        f"{undecided:,} of {runs:,} answers could not be compared with the reference and count "
        "as wrong.": undecided,
        f"The rows rest on {min(sizes, default=0)} to {max(sizes, default=0)} problems; differences "
        "are taken over the problems that both have.": len(set(sizes)) > 1,
        f"The price of {unpriced} of {len(rows)} rows is unknown.": unpriced,
    }
    return tuple(sentence for sentence, holds in said.items() if holds)
