from __future__ import annotations

from typing import Any

import msgspec
import pytest

from tts.backends.fault_server import FaultPlan
from tts.backends.openai_http import HTTPGenerator
from tts.backends.openai_http.generator import tail_survives
from tts.backends.secret import Secret
from tts.errors import BadRequest, Unauthorized
from tts.protocols import Meter
from tts.values import Capabilities


def sent(server: Any) -> dict[str, Any]:
    body: dict[str, Any] = msgspec.json.decode(server.record.seen[-1].body)
    return body


async def test_equal_seeds_give_equal_texts_and_others_do_not(meet: Any, ask: Any) -> None:
    _, generator = await meet()
    first = await generator.generate(ask(n=2), Meter())
    again = await generator.generate(ask(n=2), Meter())
    assert first.completions == again.completions
    assert first.completions[0].text != first.completions[1].text


async def test_the_meter_holds_the_bill(meet: Any, ask: Any) -> None:
    _, generator = await meet()
    meter = Meter()
    reply = await generator.generate(ask(), meter)
    assert meter.usage == reply.usage
    assert reply.usage.calls == 1 and not reply.estimated


async def test_a_stop_string_stays_in_the_text(meet: Any, ask: Any) -> None:
    _, generator = await meet()
    draw = (await generator.generate(ask(stop=("\n\n",)), Meter())).completions[0]
    assert draw.text.endswith(".\n\n") and draw.stop == "\n\n"


async def test_a_silently_cut_stop_string_is_unknown(meet: Any, ask: Any) -> None:
    _, generator = await meet(plan=FaultPlan(dialect="openai"), dialect="openai")
    draw = (await generator.generate(ask(stop=("\n\n",)), Meter())).completions[0]
    assert (draw.finish_reason, draw.stop) == ("stop", None)


async def test_a_text_cut_by_max_tokens_says_so(meet: Any, ask: Any) -> None:
    _, generator = await meet()
    draw = (await generator.generate(ask(max_tokens=3), Meter())).completions[0]
    assert (draw.finish_reason, draw.completion_tokens) == ("length", 3)


async def test_several_draws_without_ids_share_the_total_and_are_flagged(
    meet: Any, ask: Any
) -> None:
    plan = FaultPlan(dialect="openai")
    _, generator = await meet(plan=plan, dialect="openai")
    reply = await generator.generate(ask(n=3), Meter())
    sizes = [draw.completion_tokens for draw in reply.completions]
    assert sum(sizes) == reply.usage.completion_tokens
    assert all(draw.estimated for draw in reply.completions) and not reply.estimated


async def test_log_probabilities_come_with_their_alternatives(meet: Any, ask: Any) -> None:
    _, generator = await meet()
    draw = (await generator.generate(ask(logprobs=2), Meter())).completions[0]
    assert "".join(token.token for token in draw.logprobs) == draw.text
    assert len(draw.logprobs[0].top) == 2


@pytest.mark.parametrize(
    ("newer", "field"), [(True, "max_completion_tokens"), (False, "max_tokens")]
)
async def test_the_ceiling_travels_in_the_field_that_the_server_takes(
    meet: Any, ask: Any, newer: bool, field: str
) -> None:
    can = Capabilities(max_completion_tokens=newer)
    server, generator = await meet(capabilities=can)
    await generator.generate(ask(max_tokens=9), Meter())
    assert sent(server)[field] == 9


async def test_vllm_is_asked_to_continue_the_last_turn(meet: Any, ask: Any) -> None:
    server, generator = await meet()
    await generator.generate(ask(prefix="Six times seven\n\n"), Meter())
    assert sent(server)["messages"][-1] == {"role": "assistant", "content": "Six times seven\n\n"}
    assert sent(server)["continue_final_message"] is True
    assert sent(server)["add_generation_prompt"] is False


async def test_a_template_that_trims_the_prefix_is_refused(meet: Any, ask: Any) -> None:
    server, generator = await meet(plan=FaultPlan(trims_prefix=True))
    with pytest.raises(BadRequest, match="template"):
        await generator.generate(ask(prefix="Step 1\n\n"), Meter())
    await generator.generate(ask(prefix="Step 1"), Meter())
    assert server.record.requests == 1


async def test_the_completions_endpoint_continues_plain_text(meet: Any, ask: Any) -> None:
    server, generator = await meet(endpoint="completions", template=lambda turns: "Q: ")
    reply = await generator.generate(ask(prefix="half", logprobs=0), Meter())
    assert sent(server)["prompt"] == "Q: half"
    assert reply.completions[0].text and reply.completions[0].logprobs


@pytest.mark.parametrize("asked", [{"n": 2}, {"prefix": "x"}, {"logprobs": 1}])
async def test_what_the_endpoint_lacks_is_refused_unsent(
    meet: Any, ask: Any, asked: dict[str, Any]
) -> None:
    server, generator = await meet(capabilities=Capabilities())
    with pytest.raises(BadRequest):
        await generator.generate(ask(**asked), Meter())
    assert server.record.requests == 0


async def test_the_next_count_of_a_prompt_is_the_servers(meet: Any, ask: Any) -> None:
    _, generator = await meet()
    request = ask()
    bound = generator.count_prompt(request.messages, "")
    reply = await generator.generate(request, Meter())
    assert generator.count_prompt(request.messages, "") == reply.usage.prompt_tokens < bound


async def test_the_key_is_sent_and_a_wrong_one_is_unauthorized(meet: Any, ask: Any) -> None:
    plan = FaultPlan(api_key="sk-right")
    server, generator = await meet(plan=plan, api_key=Secret("sk-right"))
    await generator.generate(ask(), Meter())
    wrong = HTTPGenerator(generator.model, base_url=server.url, api_key=Secret("sk-wrong"))
    with pytest.raises(Unauthorized) as caught:
        await wrong.generate(ask(), Meter())
    await wrong.close()
    assert "sk-" not in str(caught.value) + repr(vars(wrong))


async def test_thoughts_are_kept_apart_and_counted(meet: Any, ask: Any) -> None:
    _, generator = await meet(plan=FaultPlan(reasoning_tokens=50))
    reply = await generator.generate(ask(), Meter())
    assert reply.usage.reasoning_tokens == reply.completions[0].reasoning_tokens == 50


@pytest.mark.parametrize(
    ("prompt", "survives"),
    [
        ("<user>q<assistant>Step 1: a , b.\n\n", True),
        ("<user>q<assistant>Step 1: a, b.\n\n", True),
        ("<user>q<assistant>Step 1: a , b.", False),
        ("<user>q<assistant>Step 1: a , b.\n", False),
        ("<user>q<assistant>Step 1: a , b.\n\n<end>", False),
        ("<user>q<assistant>", False),
    ],
)
def test_only_the_same_end_survives(prompt: str, survives: bool) -> None:
    assert tail_survives(prompt, "Step 1: a , b.\n\n") is survives
