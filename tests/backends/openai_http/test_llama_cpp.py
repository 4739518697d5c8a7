"""What llama.cpp says in its own way comes out as from any server."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from tts.backends.fault_server import FaultPlan
from tts.backends.openai_http.request import Wording, fields
from tts.protocols import Guide, Meter
from tts.values import Capabilities

PLAN = FaultPlan(dialect="llama_cpp", answer=lambda *_: " and five.\n\nThen six.")
CAN = Capabilities(prefill=True, logprobs=True, seed=True, keeps_stop=True)


@pytest.mark.parametrize("streamed", [False, True])
async def test_a_continued_answer_holds_only_what_was_added(
    meet: Any, ask: Any, streamed: bool
) -> None:
    _, generator = await meet(plan=PLAN, dialect="llama_cpp", capabilities=CAN)
    pieces: list[str] = []
    listener = (lambda _, text: pieces.append(text)) if streamed else None
    reply = await generator.generate(ask(prefix="Four"), Meter(), listener)
    assert reply.completions[0].text == " and five.\n\nThen six."
    assert "".join(pieces) == (reply.completions[0].text if streamed else "")


@pytest.mark.parametrize("streamed", [False, True])
async def test_the_stop_string_that_ended_a_draw_is_known(
    meet: Any, ask: Any, streamed: bool
) -> None:
    _, generator = await meet(plan=PLAN, dialect="llama_cpp", capabilities=CAN)
    listener = (lambda _, __: None) if streamed else None
    asked = ask(stop=("\n\n",), prefix="Four")
    draw = (await generator.generate(asked, Meter(), listener)).completions[0]
    assert (draw.text, draw.stop) == (" and five.\n\n", "\n\n")


async def test_a_draw_that_ended_by_itself_stopped_at_nothing(meet: Any, ask: Any) -> None:
    _, generator = await meet(plan=PLAN, dialect="llama_cpp", capabilities=CAN)
    draw = (await generator.generate(ask(stop=("seven",)), Meter())).completions[0]
    assert (draw.finish_reason, draw.stop) == ("stop", None)


def test_the_servers_own_cuts_of_the_distribution_are_switched_off(ask: Any) -> None:
    wording = Wording(model="m", dialect="llama_cpp", capabilities=CAN)
    asked = fields(ask(temperature=1.0), wording, stream=False)
    assert (asked["temperature"], asked["top_p"]) == (1.0, 1.0)
    assert (asked["top_k"], asked["min_p"]) == (-1, 0.0)
    assert "verbose" not in asked


@pytest.mark.parametrize(
    ("dialect", "sent"),
    [
        ("openai", {}),
        ("vllm", {"structured_outputs": {"grammar": "root ::= [a]"}}),
        ("llama_cpp", {"grammar": "root ::= [a]"}),
    ],
)
def test_a_grammar_goes_to_the_servers_that_decode_by_one(
    ask: Any, dialect: Any, sent: dict[str, Any]
) -> None:
    guided = replace(ask(), guide=Guide("grammar", "root ::= [a]"))
    asked = fields(guided, Wording(model="m", dialect=dialect, capabilities=CAN), stream=False)
    guides = {"grammar", "structured_outputs"} & set(asked)
    assert {name: asked[name] for name in guides} == sent
