"""OpenTelemetry spans of what a ledger records (B9): no token twice, none missing, no content."""
# pyright: reportMissingImports=false

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from sqlalchemy import create_engine

pytest.importorskip("opentelemetry.sdk", reason="needs the extra otel")

from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from tts.backends.fault_server import Fault, FaultPlan, FaultServer
from tts.engine import Job, SessionOptions, open_session
from tts.ledger import JobLeases, Ledger
from tts.ledger import spans as named
from tts.ledger.spans import CACHED, INPUT, OUTPUT, REASONING, Spans
from tts.strategies import MajorityVote
from tts.values import Problem

SUMS = (
    "SELECT SUM(billed_prompt_tokens), SUM(billed_completion_tokens), COUNT(*) FROM attempts "
    "WHERE state {} 'settled'"
)
MIX = (Fault(kind="status", status=429, headers={"Retry-After": "0"}), Fault(kind="truncated_json"))
CANARY = "canary-of-a-prompt"


def sums(place: str, sign: str) -> tuple[int, ...]:
    engine = create_engine(f"sqlite:///{place}")
    with engine.connect() as connection:
        row = connection.exec_driver_sql(SUMS.format(sign)).one()
    engine.dispose()
    return tuple(value or 0 for value in row)


class Worked(NamedTuple):
    """A job that has ended: its spans and its ledger."""

    spans: Sequence[ReadableSpan]
    place: str


@pytest.fixture(scope="module")
def job(tmp_path_factory: pytest.TempPathFactory) -> Worked:
    """Against a server that fails for a third of the requests."""
    folder = tmp_path_factory.mktemp("spans")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(folder))
        place = str(folder / "ledger.db")
        return Worked(asyncio.run(worked(place)), place)


async def worked(place: str, *, problems: int = 2) -> Sequence[ReadableSpan]:
    kept = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(kept))
    plan = FaultPlan(rate=0.2, mix=MIX, seed=2, words=8, dialect="openai", reasoning_tokens=3)
    async with FaultServer(plan) as server:
        session = await open_session(
            SessionOptions(model="openai:simulated", base_url=server.url, verifier=None, retries=30)
        )
        watched = Spans(provider)
        async with Ledger.open(place, job="job", watched_by=[watched]) as ledger:
            leases = JobLeases(ledger)
            async with Job(session, name="job", journal=ledger, leases=leases) as work:
                for number in range(problems):
                    problem = Problem(id=f"p{number}", prompt=f"{CANARY} {number}?")
                    await work.solve(problem, MajorityVote(n=8))
        await session.close()
    return kept.get_finished_spans()


def total(spans: Sequence[ReadableSpan], name: str) -> int:
    values: list[Any] = [(span.attributes or {}).get(name, 0) for span in spans]
    return sum(values)


def test_the_sum_over_all_spans_is_the_sum_over_the_ledger(job: Worked) -> None:
    spans = job.spans
    prompt, completion, settled = sums(job.place, "=")
    _, _, unknown = sums(job.place, "<>")
    assert unknown > 0 and completion > 0
    assert (total(spans, INPUT), total(spans, OUTPUT)) == (prompt, completion)
    told = [span for span in spans if INPUT in (span.attributes or {})]
    assert len(told) == settled and total(told, REASONING) == 3 * settled
    assert len(spans) == settled + unknown + 2


def test_a_run_is_the_parent_of_its_attempts_and_has_no_usage(job: Worked) -> None:
    spans = job.spans
    runs = [span for span in spans if span.name == "invoke_workflow majority_vote"]
    ids = {run.context.span_id for run in runs if run.context is not None}
    assert len(runs) == 2 and not any(INPUT in (run.attributes or {}) for run in runs)
    parents = {span.parent.span_id for span in spans if span.parent is not None}
    assert parents == ids
    assert {span.name for span in spans if span.parent} == {"chat simulated"}


def test_no_prompt_answer_or_error_text_is_in_a_span(job: Worked) -> None:
    spans = job.spans
    text = "".join(span.to_json() for span in spans)
    assert CANARY not in text and "indeed" not in text and "injected" not in text
    assert '"error.type": "RateLimited"' in text


def test_the_names_are_those_of_the_conventions() -> None:
    known = pytest.importorskip("opentelemetry.semconv._incubating.attributes.gen_ai_attributes")
    there = {value for name, value in vars(known).items() if name.startswith("GEN_AI_")}
    used = {named.OPERATION, named.PROVIDER, named.MODEL, named.TOOL, named.WORKFLOW}
    assert used | {INPUT, OUTPUT, CACHED, REASONING} <= there
    kinds = {one.value for one in known.GenAiOperationNameValues}
    assert {*named.OPERATIONS.values(), "chat", "invoke_workflow"} - kinds == {"score"}


def test_nothing_of_it_is_imported_where_no_spans_are_wanted(tmp_path: Path) -> None:
    script = (
        "import sys; from tts.ledger import Ledger; "
        f"Ledger.open({str(tmp_path / 'a.db')!r}, job='j'); "
        "sys.exit(any(name.startswith('opentelemetry') for name in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
