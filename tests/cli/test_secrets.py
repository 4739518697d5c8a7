"""Twenty planted keys, echoed by a server in every way, are nowhere afterwards (X9)."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tts.backends.fault_server import Fault, FaultPlan
from tts.eval.bench.processes import ServerProcess, write_questions

VARIABLES = (
    "OPENAI_API_KEY",
    "ANTHROPIC_API_KEY",
    "HF_TOKEN",
    "AWS_SECRET_ACCESS_KEY",
    "DB_PASSWORD",
    "GITHUB_TOKEN",
    "MY_SECRET",
    "SERVICE_KEY",
)
PLANTED = [f"canary{number:02}planted{number * 7919:06}" for number in range(20)]
OWN = dict(zip(VARIABLES, PLANTED, strict=False))
"""Keys of this process, which servers echo bare."""
SHAPES = (
    "Bearer {}",
    "sk-proj-{}",
    "sk-ant-{}",
    "https://host/v1?key={}",
    "https://host/v1?a=b&token={}",
    "https://user:{}@host/v1",
    "postgresql+psycopg://user:{}@host/ledger",
    "x-api-key: {}",
    '\\"api_key\\": \\"{}\\"',
    "Authorization: Basic {}",
    "password={}",
    "client_secret: {}",
)
"""Keys of others, by what stands around them."""
SAID = " | ".join(
    [*OWN.values(), *(shape.format(key) for shape, key in zip(SHAPES, PLANTED[8:], strict=True))]
)
ECHOES = tuple(
    Fault(kind="status", status=status, body=f'{{"error":{{"message":"no {SAID}"}}}}'.encode())
    for status in (400, 500, 429, 422)
)

RUNNING = """
import logging, sys
logging.basicConfig(level=logging.DEBUG, filename="debug.log")
try:
    from opentelemetry import trace
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import ConsoleSpanExporter, SimpleSpanProcessor
    provider = TracerProvider()
    spans = open("spans.json", "w")
    provider.add_span_processor(SimpleSpanProcessor(ConsoleSpanExporter(out=spans)))
    trace.set_tracer_provider(provider)
    import os
    os.environ["TTS_OTEL"] = "1"
except ImportError:
    pass
from tts.cli.guard import guarded
sys.exit(guarded(sys.argv[1:]))
"""


def test_twenty_planted_keys_are_in_no_ledger_log_report_or_trace(tmp_path: Path) -> None:
    questions = write_questions(tmp_path / "questions.jsonl", range(4))
    plan = FaultPlan(rate=0.5, mix=ECHOES, seed=3, words=8, dialect="openai")
    with ServerProcess(plan) as server:
        options = ["--model", "openai:simulated", "--base-url", server.url, "--verifier", "none"]
        options += ["--api-key-env", "SERVICE_KEY", "--problems", str(questions)]
        options += ["--strategies", "majority_vote(n=4)", "--retries", "1", "--out", "out"]
        ended = subprocess.run(
            [sys.executable, "-c", RUNNING, "compare", *options],
            cwd=tmp_path,
            env={**os.environ, **OWN, "TTS_DEBUG": "1"},
            capture_output=True,
            check=False,
        )
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    kept = b"".join(path.read_bytes() for path in files) + ended.stdout + ended.stderr
    assert b"[redacted]" in kept and (tmp_path / "tts.db") in files
    assert (tmp_path / "debug.log").stat().st_size > 0
    assert [key for key in PLANTED if key.encode() in kept] == []
