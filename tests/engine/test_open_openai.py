"""What an endpoint supports is asked patiently, once, on the record, and within a bound."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path
from time import monotonic
from typing import Any

import pytest
from msgspec.structs import replace

from tts.backends.fault_server import Fault, FaultPlan, FaultServer, Latency
from tts.engine import Job, SessionOptions, open_session
from tts.engine.asks import Asks
from tts.errors import UsageError
from tts.executor.limits import RetryPolicy
from tts.ledger import MemoryJournal, MemoryLeases
from tts.protocols import IntentRow, Journal, Leases, SettledRow
from tts.strategies.sampling.majority_vote import MajorityVote, Single
from tts.values import Budget, Capabilities, Problem

PLAN = FaultPlan(
    answer=lambda prompt, seed, draw: (
        " four five" if prompt.endswith("three") else "one two three four five"
    )
)
QUESTIONS = 6
SOON = RetryPolicy(first_delay=0.001, longest_delay=0.002)


class Rows(MemoryJournal):
    """Keeps what is written."""

    def __init__(self) -> None:
        super().__init__(job="j")
        self.written: list[Any] = []

    def write(self, *rows: Any) -> None:
        self.written += rows
        super().write(*rows)


def options(server: FaultServer, **more: Any) -> SessionOptions:
    return SessionOptions(model="openai:simulated", base_url=server.url, verifier=None, **more)


async def opened(
    server: FaultServer, *, journal: Any = None, wallet: Budget | None = None, **more: Any
) -> Capabilities:
    async def books() -> tuple[Journal, Leases]:
        return journal or MemoryJournal(job="j"), MemoryLeases()

    asks = Asks(options(server), books=books, job="j", wallet=wallet, **more)
    asks._retry = replace(SOON, retries=asks._retry.retries)
    async with asks:
        session = await open_session(options(server), asks=asks)
    await session.close()
    return next(iter(session.generators.values())).capabilities


def every_first(fault: Fault, times: int = 1) -> FaultPlan:
    """Each question meets the fault so many times, and is then answered.

    The five optional ones come at once, so that as many arrivals in a row fail.
    """
    script: Sequence[Fault | None] = [*[fault] * times, None, *[fault] * 5 * times]
    return replace(PLAN, script=tuple(script))


@pytest.mark.parametrize(
    "fault",
    [
        Fault(kind="status", status=429, headers={"Retry-After": "0"}),
        Fault(kind="status", status=503),
        Fault(kind="status", status=500),
        Fault(kind="reset_before_headers"),
        Fault(kind="truncated_json"),
    ],
    ids=lambda fault: f"{fault.kind} {fault.status}",
)
@pytest.mark.parametrize("times", [1, 3])
async def test_a_passing_failure_of_every_question_turns_nothing_off(
    fault: Fault, times: int
) -> None:
    async with FaultServer(PLAN) as healthy:
        right = await opened(healthy)
    async with FaultServer(every_first(fault, times)) as server:
        assert await opened(server) == right
        assert server.record.requests == QUESTIONS * (1 + times)
    assert all([right.n, right.logprobs, right.seed, right.prefill, right.keeps_stop])


async def test_a_second_start_asks_nothing_that_is_paid() -> None:
    async with FaultServer(PLAN) as server:
        first = await opened(server)
        assert server.record.requests == QUESTIONS
        assert await opened(server) == first
        assert server.record.requests == QUESTIONS


async def test_another_list_of_models_is_another_server() -> None:
    async with FaultServer(PLAN) as server:
        await opened(server)
        server.plan = replace(PLAN, dialect="openai")
        assert not (await opened(server)).keeps_stop
        assert server.record.requests == 2 * QUESTIONS


async def test_a_server_that_is_down_is_opened_by_what_is_remembered() -> None:
    async with FaultServer(PLAN) as server:
        first = await opened(server)
    assert await opened(server) == first


async def test_a_server_that_is_down_and_unknown_is_one_line() -> None:
    server = FaultServer(PLAN)
    await server.start()
    await server.stop()
    with pytest.raises(UsageError, match="No server answers") as caught:
        await opened(server)
    assert "\n" not in str(caught.value)


async def test_a_refusal_in_a_run_makes_the_next_start_ask_again() -> None:
    async with FaultServer(PLAN) as server:
        await opened(server)
        session = await open_session(options(server))
        server.plan = replace(PLAN, ceiling="max_tokens")
        job = Job(session, name="j", journal=MemoryJournal(job="j"), leases=MemoryLeases())
        async with job:
            result = await job.solve(Problem(id="p", prompt="?"), Single())
        assert result.stopped_by == "failed"
        await session.close()
        assert not (await opened(server)).max_completion_tokens


@pytest.mark.parametrize(("slots", "concurrency", "most"), [(3, 512, 3), (8, 2, 2)])
async def test_no_more_calls_are_with_a_server_than_it_has_slots_so_that_none_queues_there(
    slots: int, concurrency: int, most: int
) -> None:
    plan = replace(PLAN, dialect="llama_cpp", slots=slots, latency=Latency(median=0.02))
    async with FaultServer(plan) as server:
        session = await open_session(options(server, concurrency=concurrency))
        server.record.most_in_flight = 0
        job = Job(session, name="j", journal=MemoryJournal(job="j"), leases=MemoryLeases())
        async with job:
            result = await job.solve(Problem(id="p", prompt="?"), MajorityVote(n=24))
        await session.close()
        assert (result.stopped_by, len(result.candidates)) == ("done", 24)
        assert server.record.most_in_flight == most


async def test_what_fails_while_the_rest_answers_is_told_and_not_remembered(
    caplog: Any,
) -> None:
    async with FaultServer(replace(PLAN, fails_on=b"logprobs")) as server:
        with caplog.at_level(logging.WARNING, "tts"):
            assert not (await opened(server)).logprobs
        assert "fails when it is asked for logprobs" in caplog.text
        server.plan = PLAN
        assert (await opened(server)).logprobs


@pytest.mark.parametrize("status", [429, 500, 503])
async def test_a_failure_that_does_not_pass_is_one_line_and_remembers_nothing(
    status: int,
) -> None:
    fault = Fault(kind="status", status=status)
    async with FaultServer(replace(PLAN, script=(fault,), repeat=True)) as server:
        with pytest.raises(UsageError, match=f"HTTP {status}.*again later") as caught:
            await opened(server)
        assert "\n" not in str(caught.value)
        server.plan = PLAN
        assert (await opened(server)).logprobs


async def test_every_question_is_an_attempt_of_the_journal_and_billed() -> None:
    journal = Rows()
    async with FaultServer(every_first(Fault(kind="status", status=503))) as server:
        await opened(server, journal=journal)
        intents = [row for row in journal.written if isinstance(row, IntentRow)]
        settled = [row for row in journal.written if isinstance(row, SettledRow)]
        paid = [row for row in intents if row.worst.calls]
        assert len(paid) == server.record.requests
        assert {row.attempt for row in settled} == {row.attempt for row in intents}
        assert {row.role for row in intents} == {"probe"}
        told = [row.billed for row in settled if row.state == "settled" and row.billed.calls]
        assert len(told) == QUESTIONS and all(one.prompt_tokens for one in told)


@pytest.mark.parametrize("wallet", [Budget(calls=0), Budget(tokens=0), Budget(calls=3)])
async def test_the_wallet_is_not_passed_by_questions(wallet: Budget) -> None:
    async with FaultServer(PLAN) as server:
        with pytest.raises(UsageError, match="wallet"):
            await opened(server, wallet=wallet)
        assert server.record.requests <= (wallet.calls or 0)


async def test_a_hung_endpoint_is_told_of_and_given_up(caplog: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr("tts.engine.asks.SAID_AFTER", 0.05)
    journal = Rows()
    async with FaultServer(replace(PLAN, script=(Fault(kind="stall"),), repeat=True)) as server:
        before = monotonic()
        with (
            caplog.at_level(logging.WARNING, "tts"),
            pytest.raises(UsageError, match="no answer within 0"),
        ):
            await opened(server, journal=journal, longest=0.4)
        assert monotonic() - before < 5
        assert f"Waiting for {server.url}" in caplog.text
    [last] = [row for row in journal.written if isinstance(row, SettledRow)][-1:]
    assert (last.state, last.billed.completion_tokens) == ("sent_unknown", 16)


async def test_an_estimate_sends_nothing_and_needs_no_key(monkeypatch: Any) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
    for model in ("openai:gpt-5-mini", "openai-sdk:gpt-5-mini"):
        session = await open_session(SessionOptions(model=model), sends=False)
        await session.close()
        with pytest.raises(UsageError, match="needs a key"):
            await open_session(SessionOptions(model=model))


async def test_a_memory_that_cannot_be_read_or_written_is_asked_around(
    tmp_path: Path, monkeypatch: Any
) -> None:
    (tmp_path / "tts").mkdir()
    (tmp_path / "tts" / "endpoints.json").write_bytes(b"{broken")
    async with FaultServer(PLAN) as server:
        for place in (tmp_path, Path("/proc/no/such/place")):
            monkeypatch.setenv("XDG_CACHE_HOME", str(place))
            assert (await opened(server)).logprobs


@pytest.mark.parametrize("fault", ["stall", "status"])
async def test_an_endpoint_that_is_known_is_not_waited_for(monkeypatch: Any, fault: Any) -> None:
    monkeypatch.setattr("tts.engine.open_openai.PATIENCE", 0.2)
    async with FaultServer(PLAN) as server:
        first = await opened(server)
        server.plan = replace(PLAN, lists=Fault(kind=fault, status=503))
        assert await opened(server) == first
        assert server.record.requests == QUESTIONS


@pytest.mark.parametrize(
    "host", ["a" * 300, "a..b", "xn--", "-", "h\u00f6st", "no-such-host.invalid", "[::]", "127.1"]
)
async def test_an_address_that_leads_nowhere_is_one_line(host: str) -> None:
    told = SessionOptions(model="openai:m", base_url=f"http://{host}:9/v1", verifier=None)
    with pytest.raises(UsageError) as caught:
        await open_session(told, asks=Asks(told, longest=3))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("key", ["sk-\nnew line", "sk-sch\u00f6n", "sk-\x00"])
async def test_a_key_that_cannot_be_sent_is_refused_unshown(key: str, monkeypatch: Any) -> None:
    monkeypatch.setattr(SessionOptions, "key", lambda self: key)
    with pytest.raises(UsageError, match="OPENAI_API_KEY") as caught:
        await open_session(SessionOptions(model="openai:m"))
    assert "sk-" not in str(caught.value)


async def sent_key(url: str, server: FaultServer, **more: Any) -> set[str]:
    """What a server at `url` hears of a key while it is opened."""
    told = SessionOptions(model="openai:simulated", base_url=url, verifier=None, **more)
    session = await open_session(told)
    await session.close()
    return {one.authorization for one in server.record.seen}


@pytest.fixture
def keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
    monkeypatch.setenv("OPENAI_API_KEY", "sk-theirs")
    monkeypatch.setenv("MY_KEY", "sk-mine")


async def test_the_key_of_openai_is_not_sent_to_another_server(keys: None) -> None:
    async with FaultServer(PLAN) as server:
        assert await sent_key(server.url, server) == {""}


async def test_a_key_that_is_named_is_sent_to_the_server_that_is_named(keys: None) -> None:
    async with FaultServer(PLAN) as server:
        assert await sent_key(server.url, server, api_key_env="MY_KEY") == {"Bearer sk-mine"}
    async with FaultServer(PLAN) as server:
        named = await sent_key(server.url, server, api_key_env="OPENAI_API_KEY")
        assert named == {"Bearer sk-theirs"}


async def test_the_url_of_the_environment_goes_with_the_key_of_the_environment(
    keys: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with FaultServer(PLAN) as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.url)
        assert await sent_key("", server) == {"Bearer sk-theirs"}


@pytest.mark.parametrize(
    ("url", "key"),
    [
        ("", "sk-theirs"),
        ("https://api.openai.com/v1", "sk-theirs"),
        ("https://eu.api.openai.com/v1", "sk-theirs"),
        ("https://openai.com.example.org/v1", None),
        ("https://notopenai.com/v1", None),
        ("https://api.openai.com@example.org/v1", None),
        ("http://localhost:8000/v1", None),
    ],
)
def test_openai_is_told_by_its_host(keys: None, url: str, key: str | None) -> None:
    assert SessionOptions(base_url=url).key() == key


async def test_a_server_that_wants_a_key_and_gets_none_is_told_how_to_name_one(keys: None) -> None:
    async with FaultServer(replace(PLAN, api_key="sk-mine")) as server:
        with pytest.raises(UsageError, match=r"No key was sent.*--api-key-env") as caught:
            await sent_key(server.url, server)
        assert "\n" not in str(caught.value)
        wrong = await sent_key(server.url, server, api_key_env="MY_KEY")
        assert "Bearer sk-mine" in wrong


async def test_a_server_without_credit_is_not_told_to_be_about_a_key(keys: None) -> None:
    fault = Fault(kind="status", status=402, body=b'{"error":{"message":"no credit"}}')
    async with FaultServer(replace(PLAN, lists=fault)) as server:
        with pytest.raises(UsageError, match="no credit") as caught:
            await sent_key(server.url, server)
        assert "No key was sent" not in str(caught.value)


async def test_the_openai_package_is_not_handed_the_key_for_another_server(keys: None) -> None:
    told = SessionOptions(model="openai-sdk:m", base_url="http://localhost:9/v1")
    with pytest.raises(UsageError, match="--api-key-env"):
        await open_session(told)
