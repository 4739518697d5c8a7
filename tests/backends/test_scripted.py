from __future__ import annotations

from typing import Any

import pytest

from tts.backends.scripted import ScriptedGenerator, ScriptedScorer
from tts.errors import BadRequest, RateLimited
from tts.protocols import Meter, StepScoreRequest
from tts.values import Completion, Message


async def test_a_list_is_said_in_the_order_of_the_draws(ask: Any) -> None:
    generator = ScriptedGenerator(["one", None, "three"])
    reply = await generator.generate(ask(n=3), Meter())
    assert [draw and draw.text for draw in reply.completions] == ["one", None, "three"]
    assert reply.usage.completion_tokens == 2


async def test_a_dict_goes_by_the_last_turn(ask: Any) -> None:
    generator = ScriptedGenerator({"a?": "yes", "b?": ["no", "never"]})
    reply = await generator.generate(ask("b?", n=2), Meter())
    assert [draw.text for draw in reply.completions if draw] == ["no", "never"]


async def test_a_function_sees_the_prefix_and_the_draw(ask: Any) -> None:
    generator = ScriptedGenerator(lambda turns, prefix, index: f"{prefix}{index}")
    reply = await generator.generate(ask(prefix="x", n=2), Meter())
    assert [draw.text for draw in reply.completions if draw] == ["x0", "x1"]


async def test_texts_end_as_a_server_would_end_them(ask: Any) -> None:
    generator = ScriptedGenerator(["a b c\n\nd"] * 2)
    stopped = await generator.generate(ask(stop=("\n\n",)), Meter())
    cut = await generator.generate(ask(max_tokens=2), Meter())
    first = Completion(text="a b c\n\n", finish_reason="stop", stop="\n\n", completion_tokens=3)
    assert stopped.completions[0] == first
    assert cut.completions[0] == Completion(text="a b", finish_reason="length", completion_tokens=2)


async def test_a_scripted_error_is_raised_and_the_end_of_a_script_too(ask: Any) -> None:
    with pytest.raises(RateLimited):
        await ScriptedGenerator([RateLimited("x")]).generate(ask(), Meter())
    with pytest.raises(BadRequest, match="1 are scripted"):
        await ScriptedGenerator(["x"]).generate(ask(n=2), Meter())


async def test_a_scorer_scores_by_text_or_by_rule() -> None:
    request = StepScoreRequest(messages=(Message("user", "q"),), steps=("a b", "c"))
    listed = await ScriptedScorer({"c": 0.9}).score_steps(request, Meter())
    ruled = await ScriptedScorer(lambda turns, steps, place: place / 2).score_steps(
        request, Meter()
    )
    assert (listed.scores, ruled.scores) == ((0.5, 0.9), (0.0, 0.5))
    assert listed.usage.prompt_tokens == 6
