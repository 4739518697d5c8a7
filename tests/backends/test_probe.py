from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from typing import Any

import msgspec
import pytest

from tts.backends.fault_server import Fault, FaultPlan, FaultServer
from tts.backends.openai_http import Connection
from tts.backends.probe import Probed, probe
from tts.backends.secret import Secret
from tts.errors import BadRequest, NotSent, Unauthorized

WORDS = FaultPlan(
    answer=lambda prompt, seed, draw: (
        " four five" if prompt.endswith("three") else "one two three four five"
    )
)


@pytest.fixture
async def ask_about() -> AsyncIterator[Callable[..., Any]]:
    async with AsyncExitStack() as stack:

        async def asked(plan: FaultPlan) -> tuple[FaultServer, Probed]:
            server = await stack.enter_async_context(FaultServer(plan))
            connection = Connection(server.url, api_key=Secret("sk"))
            stack.push_async_callback(connection.close)
            return server, await probe(connection, model="simulated")

        yield asked


def plan(**changes: Any) -> FaultPlan:

    return msgspec.structs.replace(WORDS, **changes)


async def test_a_capable_server_is_found_capable_by_a_few_requests(ask_about: Any) -> None:
    server, found = await ask_about(WORDS)
    can = found.capabilities
    assert all([can.n, can.prefill, can.logprobs, can.seed, can.keeps_stop, can.reports_usage])
    assert can.max_completion_tokens and not can.reasoning and not found.notes
    assert (found.dialect, found.context_length) == ("vllm", 32768)
    assert found.models == ("simulated",) and server.record.requests <= 7


@pytest.mark.parametrize(
    ("changes", "capability"),
    [
        ({"supports_n": False}, "n"),
        ({"supports_logprobs": False}, "logprobs"),
        ({"supports_prefill": False}, "prefill"),
        ({"answer": lambda *_: "one two three four five"}, "prefill"),
        ({"dialect": "openai"}, "keeps_stop"),
        ({"reports_usage": False}, "reports_usage"),
        ({"ceiling": "max_tokens"}, "max_completion_tokens"),
    ],
)
async def test_what_a_server_lacks_is_off(
    ask_about: Any, changes: dict[str, Any], capability: str
) -> None:
    _, found = await ask_about(plan(**changes))
    assert not getattr(found.capabilities, capability)


COUNTS_ON = {"answer": lambda *_: " ".join(["one"] * 40)}


async def test_a_ceiling_that_is_taken_and_not_heeded_is_not_used(ask_about: Any) -> None:
    server, found = await ask_about(plan(**COUNTS_ON, unheeded=True, supports_n=False))
    assert not found.capabilities.max_completion_tokens
    assert any("the answer is longer" in note for note in found.notes)
    assert server.record.requests <= 8


async def test_an_answer_that_is_cut_shows_that_the_newer_ceiling_is_heeded(ask_about: Any) -> None:
    _, found = await ask_about(plan(**COUNTS_ON))
    assert found.capabilities.max_completion_tokens and not found.notes


async def test_reasoning_tokens_are_noticed(ask_about: Any) -> None:
    _, found = await ask_about(plan(reasoning_tokens=5))
    assert found.capabilities.reasoning


async def test_an_unreachable_server_is_named() -> None:
    connection = Connection("http://127.0.0.1:9/v1")
    with pytest.raises(NotSent, match=r"No server answers at http://127.0.0.1:9/v1"):
        await probe(connection, model="m")
    await connection.close()


async def test_a_wrong_key_is_unauthorized(ask_about: Any) -> None:
    with pytest.raises(Unauthorized):
        await ask_about(plan(api_key="other"))


async def test_a_server_that_refuses_everything_is_a_bad_request(ask_about: Any) -> None:
    refuses = Fault(kind="status", status=404, body=b'{"error":{"message":"no model m"}}')
    with pytest.raises(BadRequest, match="no model m"):
        await ask_about(plan(script=(refuses,), repeat=True))


LLAMA_CPP = FaultPlan(
    dialect="llama_cpp",
    answer=lambda prompt, seed, draw: " four five" if prompt.endswith("three") else "1 2 3 4 5",
)


async def test_llama_cpp_repeats_what_it_continues_and_names_its_stop_string(
    ask_about: Any,
) -> None:
    server, found = await ask_about(LLAMA_CPP)
    can = found.capabilities
    assert all([can.prefill, can.logprobs, can.seed, can.keeps_stop, can.reports_usage])
    assert (found.dialect, found.context_length) == ("llama_cpp", 32768)
    assert server.record.requests <= 6


async def test_llama_cpp_says_how_many_requests_it_works_on_at_once(ask_about: Any) -> None:
    _, found = await ask_about(msgspec.structs.replace(LLAMA_CPP, slots=3))
    assert found.slots == 3


@pytest.mark.parametrize("said", [0, -1, None, "many"])
async def test_a_number_of_slots_that_is_none_is_unknown(ask_about: Any, said: Any) -> None:
    _, found = await ask_about(msgspec.structs.replace(LLAMA_CPP, slots=said))
    assert found.slots is None


async def test_llama_cpp_counts_one_draw_of_several_so_they_are_asked_for_one_by_one(
    ask_about: Any,
) -> None:
    _, found = await ask_about(LLAMA_CPP)
    assert not found.capabilities.n


async def test_an_answer_that_begins_anew_is_told_from_one_that_repeats_what_it_continues(
    ask_about: Any,
) -> None:
    anew = msgspec.structs.replace(
        LLAMA_CPP, answer=lambda *_: "One two three four five", dialect="openai"
    )
    _, found = await ask_about(anew)
    assert not found.capabilities.prefill
