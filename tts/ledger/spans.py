"""What a ledger records, as OpenTelemetry spans of the GenAI conventions (extra `otel`).

A run is a span `invoke_workflow`, each of its attempts a span below it. Usage stands on attempts that
are settled and nowhere else, so that the sum over all spans is the sum over the ledger; of an attempt
whose end nobody knows there is a bound, under a name that no backend adds up. Prompts, answers and
error texts are in no span: the ledger has them, under the key that a span names.

Names: OpenTelemetry semantic conventions for generative AI, status Development, as of 1.45 of the SDK.
"""
# pyright: reportMissingImports=false

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import msgspec
from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.sdk.resources import SERVICE_NAME, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Span, SpanKind, StatusCode

from tts.errors import UsageError
from tts.protocols import IntentRow, Row, RunRow, SettledRow
from tts.values import Usage

OPERATION, PROVIDER = "gen_ai.operation.name", "gen_ai.provider.name"
MODEL, TOOL, WORKFLOW = "gen_ai.request.model", "gen_ai.tool.name", "gen_ai.workflow.name"
INPUT, OUTPUT = "gen_ai.usage.input_tokens", "gen_ai.usage.output_tokens"
CACHED, REASONING = (
    "gen_ai.usage.cache_read.input_tokens",
    "gen_ai.usage.reasoning.output_tokens",
)
ERROR = "error.type"
OPERATIONS: Mapping[str, str] = {
    "verify": "score",
    "embed": "embeddings",
    "retrieve": "retrieval",
    "tool": "execute_tool",
}
"""By role; every other role is `chat`. `score` is a name of this project: the conventions have none."""
QUEUED = 1 << 16
"""Ended spans that wait to be exported; more are dropped, unless OTEL_BSP_MAX_QUEUE_SIZE says else."""
FLUSH = 5000
"""Milliseconds that the last spans may take to leave."""
_SECOND = 1_000_000_000


class Spans:
    """Told of every row that a ledger is handed; closed with it."""

    def __init__(self, provider: TracerProvider) -> None:
        self._provider = provider
        self._tracer = provider.get_tracer("tts")
        self._runs: dict[str, Span] = {}
        self._attempts: dict[str, tuple[Span, float]] = {}

    @classmethod
    def exporting(cls) -> Spans:
        """To the provider that the application has set up, else by OTLP as OTEL_… variables say."""
        found = trace.get_tracer_provider()
        return cls(found if isinstance(found, TracerProvider) else _exporter())

    def __call__(self, rows: Sequence[Row]) -> None:
        for row in rows:
            if isinstance(row, IntentRow):
                self._begin(row)
            elif isinstance(row, SettledRow):
                self._end(row)
            elif isinstance(row, RunRow):
                self._run(row)

    def close(self) -> None:
        """End what is open, and wait for what is to be exported."""
        for span, _ in self._attempts.values():
            span.end()
        for span in self._runs.values():
            span.set_attribute("tts.stopped_by", "open")
            span.end()
        self._attempts.clear()
        self._runs.clear()
        self._provider.force_flush(FLUSH)

    def _run(self, row: RunRow) -> None:
        if row.result is None:
            if row.run_id not in self._runs:
                self._runs[row.run_id] = self._begun(row)
            return
        span = self._runs.pop(row.run_id, None) or self._begun(row)
        span.set_attribute("tts.stopped_by", row.stopped_by or "")
        if row.stopped_by == "failed":
            span.set_attribute(ERROR, "failed")
            span.set_status(StatusCode.ERROR)
        span.end()

    def _begun(self, row: RunRow) -> Span:
        name = str(msgspec.json.decode(row.strategy).get("name", "strategy"))
        attributes = {
            OPERATION: "invoke_workflow",
            WORKFLOW: name,
            "tts.job": row.job,
            "tts.run": row.run_id,
            "tts.problem": row.problem_id,
            "tts.budget": row.budget,
        }
        return self._tracer.start_span(
            f"invoke_workflow {name}", Context(), SpanKind.INTERNAL, attributes
        )

    def _begin(self, row: IntentRow) -> None:
        run, operation = self._runs.get(row.run_id), OPERATIONS.get(row.role, "chat")
        span = self._tracer.start_span(
            f"{operation} {row.model}".rstrip(),
            trace.set_span_in_context(run, Context()) if run else Context(),
            SpanKind.INTERNAL if row.role == "tool" else SpanKind.CLIENT,
            {
                OPERATION: operation,
                PROVIDER: "tts",
                TOOL if row.role == "tool" else MODEL: row.model,
                "tts.job": row.job,
                "tts.role": row.role,
                "tts.attempt": row.attempt,
                "tts.key": row.key,
                "tts.number": row.number,
                "tts.queued_s": row.queued_s,
            },
            start_time=round(row.started_at * _SECOND),
        )
        self._attempts[row.attempt] = span, row.started_at

    def _end(self, row: SettledRow) -> None:
        span, started = self._attempts.pop(row.attempt, (None, 0.0))
        if span is None:
            return
        span.set_attribute("tts.state", row.state)
        span.set_attributes(spent(row.billed) if row.state == "settled" else bound(row.billed))
        if row.error:
            span.set_attribute(ERROR, row.error.partition(":")[0])
            span.set_status(StatusCode.ERROR)
        span.end(round((started + row.latency_s) * _SECOND))


def spent(billed: Usage) -> dict[str, Any]:
    """What an attempt was billed; an unknown price is left out, which is not zero."""
    told = {
        INPUT: billed.prompt_tokens,
        OUTPUT: billed.completion_tokens,
        CACHED: billed.cached_prompt_tokens,
        REASONING: billed.reasoning_tokens,
    }
    if billed.nanodollars is not None:
        told["tts.billed.nanodollars"] = billed.nanodollars
    return told


def bound(billed: Usage) -> dict[str, Any]:
    """What an attempt whose end is unknown was billed at most."""
    return {
        "tts.at_most.input_tokens": billed.prompt_tokens,
        "tts.at_most.output_tokens": billed.completion_tokens,
    }


@cache
def _exporter() -> TracerProvider:
    """The process's own provider."""
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    except ImportError as missing:
        raise UsageError(
            "Spans need an exporter: pip install 'tts-engine[otel]', or set up a provider."
        ) from missing
    named = os.environ.get("OTEL_SERVICE_NAME")
    provider = TracerProvider(resource=Resource.create({} if named else {SERVICE_NAME: "tts"}))
    size = None if os.environ.get("OTEL_BSP_MAX_QUEUE_SIZE") else QUEUED
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(), max_queue_size=size))
    return provider
