"""How draws end, in whole replies and in streams: known, unknown, cut, refused."""

from __future__ import annotations

from typing import Any

import pytest

from tts.backends.fault_server import Fault, FaultPlan
from tts.errors import Unavailable
from tts.protocols import Meter
from tts.values import Completion

ENDED = b'"finish_reason":"stop"'
ANSWER = FaultPlan(answer=lambda *_: "So it is \\boxed{7}.")


async def whole(meet: Any, ask: Any, told: dict[str, Any], **sampling: Any) -> Completion:
    plan = FaultPlan(
        script=(Fault(kind="edit_choice", fields=told),), repeat=True, answer=ANSWER.answer
    )
    _, generator = await meet(plan=plan)
    draw: Completion = (await generator.generate(ask(**sampling), Meter())).completions[0]
    return draw


async def streamed(meet: Any, ask: Any, *, old: bytes, new: bytes, **sampling: Any) -> Any:
    fault = Fault(kind="stream_replace", old=old, new=new)
    plan = FaultPlan(script=(fault,), repeat=True, answer=ANSWER.answer)
    _, generator = await meet(plan=plan)
    reply = await generator.generate(ask(**sampling), Meter(), lambda index, text: None)
    return reply.completions[0]


@pytest.mark.parametrize("told", [None, "", "  ", "whatever", 7, ["stop"], {"type": "stop"}])
async def test_a_whole_reply_without_a_reason_is_an_unknown_end(
    meet: Any, ask: Any, told: Any
) -> None:
    draw = await whole(meet, ask, {"finish_reason": told})
    assert (draw.text, draw.finish_reason) == ("So it is \\boxed{7}.", "unknown")


@pytest.mark.parametrize("told", [b"null", b'""', b'"whatever"'])
async def test_a_stream_that_is_done_without_a_reason_is_an_unknown_end(
    meet: Any, ask: Any, told: bytes
) -> None:
    draw = await streamed(meet, ask, old=ENDED, new=b'"finish_reason":' + told)
    assert (draw.text, draw.finish_reason) == ("So it is \\boxed{7}.", "unknown")


@pytest.mark.parametrize("told", [None, "new"])
async def test_an_unknown_end_at_the_tokens_asked_for_is_a_cut(
    meet: Any, ask: Any, told: Any
) -> None:
    assert (await whole(meet, ask, {"finish_reason": told}, max_tokens=3)).finish_reason == "length"


async def test_a_stream_may_leave_out_done_where_its_draws_have_ended(meet: Any, ask: Any) -> None:
    draw = await streamed(meet, ask, old=b"data: [DONE]\n\n", new=b"")
    assert draw.finish_reason == "stop"


async def test_a_bill_closes_a_stream_without_done_and_without_a_reason(
    meet: Any, ask: Any
) -> None:
    draw = await streamed(meet, ask, old=b"[DONE]", new=b'{"choices":[],"usage":{}}')
    assert draw.finish_reason == "stop"


async def test_a_stream_without_reason_bill_or_done_broke_off(meet: Any, ask: Any) -> None:
    plan = FaultPlan(script=(Fault(kind="stream_cut", keep=3),), repeat=True, answer=ANSWER.answer)
    _, generator = await meet(plan=plan)
    with pytest.raises(Unavailable):
        await generator.generate(ask(), Meter(), lambda index, text: None)


@pytest.mark.parametrize(
    ("message", "reason", "text"),
    [
        ({"content": None, "refusal": "I can't."}, "refusal", "I can't."),
        ({"content": "", "refusal": "I can't."}, "refusal", "I can't."),
        ({"content": [{"type": "refusal", "refusal": "No."}]}, "refusal", "No."),
        ({"content": "7", "refusal": None}, "stop", "7"),
        ({"content": None, "reasoning_content": "so 7"}, "reasoning_only", ""),
        ({"content": " \n", "reasoning": "so 7"}, "reasoning_only", " \n"),
        ({"content": [{"type": "reasoning", "text": "so 7"}]}, "reasoning_only", ""),
        (
            {"content": [{"type": "thinking", "thinking": [{"type": "text", "text": "so 7"}]}]},
            "reasoning_only",
            "",
        ),
        ({"content": "7", "reasoning": "so 7"}, "stop", "7"),
        ({"content": ["a", {"type": "output_text", "text": "b"}, 5, {}]}, "stop", "ab"),
        ({"content": None, "tool_calls": None}, "stop", ""),
    ],
)
async def test_refusals_and_thoughts_alone_are_told_from_answers(
    meet: Any, ask: Any, message: dict[str, Any], reason: str, text: str
) -> None:
    draw = await whole(meet, ask, {"message": message})
    assert (draw.finish_reason, draw.text) == (reason, text)


async def test_tool_calls_without_a_reason_are_tool_calls(meet: Any, ask: Any) -> None:
    told = {"finish_reason": None, "message": {"content": None, "tool_calls": [{"id": "1"}]}}
    assert (await whole(meet, ask, told)).finish_reason == "tool_calls"


async def test_a_streamed_refusal_is_one(meet: Any, ask: Any) -> None:
    draw = await streamed(meet, ask, old=b'"content"', new=b'"refusal"')
    assert (draw.finish_reason, draw.text) == ("refusal", "So it is \\boxed{7}.")


async def test_streamed_thoughts_alone_are_no_answer(meet: Any, ask: Any) -> None:
    draw = await streamed(meet, ask, old=b'"content"', new=b'"reasoning_content"')
    assert (draw.finish_reason, draw.text, draw.reasoning) == (
        "reasoning_only",
        "",
        "So it is \\boxed{7}.",
    )


@pytest.mark.parametrize("listener", [None, lambda index, text: None], ids=["whole", "stream"])
async def test_a_stop_string_in_the_text_is_seen_behind_an_unknown_end(
    meet: Any, ask: Any, listener: Any
) -> None:
    kind = "replace" if listener is None else "stream_replace"
    fault = Fault(kind=kind, old=ENDED, new=b'"finish_reason":null')
    _, generator = await meet(fault)
    draw = (await generator.generate(ask(stop=("\n\n",)), Meter(), listener)).completions[0]
    assert (draw.finish_reason, draw.stop) == ("unknown", "\n\n")
