"""What a reader of the figures has to know."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from tts.eval.attempts import Attempt
from tts.eval.report.rows import Row, missing_of
from tts.values import OPEN
from tts.values.visible import visible

REASONS = 3
"""Reasons that are told of one kind of end; the data of the report holds all of them."""

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


def endings(attempts: Sequence[Attempt]) -> list[str]:
    """What did not end as it should: how many runs, and for which reasons."""
    told = []
    if still := [one for one in attempts if one.stopped_by in OPEN]:
        why = counted(Counter(one.error or one.stopped_by for one in still))
        told.append(f"{_runs(still)} open: the same command goes on. Why: {why}")
    if failed := [one for one in attempts if one.stopped_by == "failed"]:
        why = counted(Counter(one.error or "no reason" for one in failed))
        told.append(
            f"{len(failed)} of {len(attempts)} runs failed: --retry-failed runs them again. Why: {why}"
        )
    if missing := missing_of(attempts):
        short = [one for one in attempts if one.missing]
        told.append(
            f"{sum(missing.values())} draws or verdicts of {len(short)} runs never came. "
            f"Why: {counted(missing)}"
        )
    if blank := Counter(one.no_answer for one in attempts if one.no_answer):
        told.append(
            f"{blank.total()} of {len(attempts)} runs ended without an answer. "
            f"Why: {counted(blank)}"
        )
    return told


def _runs(attempts: Sequence[Attempt]) -> str:
    return f"{len(attempts)} run is" if len(attempts) == 1 else f"{len(attempts)} runs are"


def counted(reasons: Mapping[str, int]) -> str:
    """The most frequent reasons, each with how often it was met."""
    ordered = sorted(reasons.items(), key=lambda pair: (-pair[1], pair[0]))
    shown = "; ".join(f"{count} × {visible(reason, 200)}" for reason, count in ordered[:REASONS])
    more = sum(count for _, count in ordered[REASONS:])
    return shown + (f"; {more} × something else" if more else "")
