"""What a process sends, counted as it is written down, in the text format of Prometheus.

Counters begin at 0 with the process; the ledger is what a job cost. Exposition format 0.0.4.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from threading import Lock

from tts.protocols import IntentRow, Row, RunRow, SettledRow

Labels = tuple[tuple[str, str], ...]
HELP: Mapping[str, tuple[str, str]] = {
    "tts_requests_in_flight": ("gauge", "Requests that were sent and have not ended."),
    "tts_requests_total": ("counter", "Requests that ended, by how."),
    "tts_input_tokens_total": ("counter", "Prompt tokens of settled requests."),
    "tts_output_tokens_total": ("counter", "Completion tokens of settled requests."),
    "tts_nanodollars_total": ("counter", "What settled requests of known price were billed."),
    "tts_unpriced_requests_total": ("counter", "Settled requests whose price is unknown."),
    "tts_request_seconds_total": ("counter", "Seconds from sending to the end of requests."),
    "tts_queued_seconds_total": ("counter", "Seconds that requests waited before they were sent."),
    "tts_runs_total": ("counter", "Runs that ended, by what stopped them."),
    "tts_last_row_timestamp_seconds": ("gauge", "When something was written last."),
}


class Counts:
    """A watcher of ledgers; may be asked on any thread."""

    def __init__(self) -> None:
        self._values: defaultdict[tuple[str, Labels], float] = defaultdict(int)
        self._open: dict[str, Labels] = {}
        self._lock = Lock()

    def __call__(self, rows: Sequence[Row]) -> None:
        with self._lock:
            for row in rows:
                if isinstance(row, IntentRow):
                    self._sent(row)
                elif isinstance(row, SettledRow):
                    self._ended(row)
                elif isinstance(row, RunRow) and row.result is not None:
                    stopped = ("job", row.job), ("stopped_by", row.stopped_by or "")
                    self._values["tts_runs_total", stopped] += 1
            self._values["tts_last_row_timestamp_seconds", ()] = time.time()

    def close(self) -> None:
        """A ledger was closed: what it left open is in flight no more."""
        with self._lock:
            for labels in self._open.values():
                self._values["tts_requests_in_flight", labels] -= 1
            self._open.clear()

    def text(self) -> str:
        """Everything so far."""
        with self._lock:
            values = dict(self._values)
        return "".join(line + "\n" for line in _lines(values))

    def _sent(self, row: IntentRow) -> None:
        labels = ("job", row.job), ("model", row.model), ("role", row.role)
        self._open[row.attempt] = labels
        self._values["tts_requests_in_flight", labels] += 1
        self._values["tts_queued_seconds_total", labels] += row.queued_s

    def _ended(self, row: SettledRow) -> None:
        labels = self._open.pop(row.attempt, None)
        if labels is None:
            return
        values, billed = self._values, row.billed
        values["tts_requests_in_flight", labels] -= 1
        values["tts_requests_total", (*labels, ("state", row.state))] += 1
        values["tts_request_seconds_total", labels] += row.latency_s
        if row.state != "settled":
            return
        values["tts_input_tokens_total", labels] += billed.prompt_tokens
        values["tts_output_tokens_total", labels] += billed.completion_tokens
        if billed.nanodollars is None:
            values["tts_unpriced_requests_total", labels] += 1
        else:
            values["tts_nanodollars_total", labels] += billed.nanodollars


def _lines(values: Mapping[tuple[str, Labels], float]) -> Iterator[str]:
    for name, (kind, told) in HELP.items():
        own = sorted((labels, value) for (of, labels), value in values.items() if of == name)
        if own:
            yield f"# HELP {name} {told}"
            yield f"# TYPE {name} {kind}"
        for labels, value in own:
            inner = ",".join(f'{label}="{_escaped(text)}"' for label, text in labels)
            yield f"{name}{{{inner}}} {value!r}" if inner else f"{name} {value!r}"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
