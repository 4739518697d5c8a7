from __future__ import annotations

import pytest

from tts import Engine
from tts.backends.embedded.generator import EmbeddedGenerator
from tts.backends.embedded.model import EmbeddedModel, EmbeddedName, model_folder
from tts.backends.embedded.step_scorer import EmbeddedStepScorer
from tts.countdown import ended, made
from tts.engine.session import open_verifier
from tts.errors import UnknownName
from tts.options import SessionOptions
from tts.protocols import GenerateRequest, Meter, StepScoreRequest
from tts.values import Message, Sampling

MEBIBYTE = 2**20
QUESTION = (Message("user", "Make 29 from 3 5 8."),)
WEIGHTS: dict[EmbeddedName, float] = {"countdown": 1.9, "countdown-value": 0.9}


@pytest.mark.parametrize("name", WEIGHTS)
def test_a_model_stays_within_its_size(name: EmbeddedName) -> None:
    weights = (model_folder(name) / "model.safetensors").stat().st_size
    assert weights <= WEIGHTS[name] * MEBIBYTE


async def drawn(temperature: float) -> str:
    generator = EmbeddedGenerator(EmbeddedModel.shipped("countdown"))
    sampling = Sampling(temperature=temperature, max_tokens=64)
    request = GenerateRequest(messages=QUESTION, sampling=sampling, seeds=(0,))
    reply = await generator.generate(request, Meter())
    await generator.close()
    assert reply.completions[0] is not None
    return reply.completions[0].text


async def test_the_policy_makes_an_easy_target_greedily() -> None:
    text = await drawn(0.0)
    assert text == "8 * 3 = 24 | left 5 24\n\n24 + 5 = 29 | answer 29"
    assert str(made(ended(text) or "")) == "29 from 3 5 8"


async def test_the_value_falls_where_a_step_closes_the_way_or_is_not_so() -> None:
    scorer = EmbeddedStepScorer(EmbeddedModel.shipped("countdown-value"))
    way, closed, untrue = [
        (await scorer.score_steps(StepScoreRequest(messages=QUESTION, steps=steps), Meter())).scores
        for steps in (
            ("8 * 3 = 24 | left 5 24", "24 + 5 = 29 | answer 29"),
            ("8 + 5 = 13 | left 3 13", "13 + 3 = 16 | answer 16"),
            ("8 * 3 = 24 | left 5 24", "24 + 5 = 28 | answer 28"),
        )
    ]
    await scorer.close()
    assert min(way) > 0.5
    assert max(closed) < 0.5
    assert untrue[0] > 0.5 > untrue[1]


def test_the_policy_names_the_value_model_as_what_suits_it() -> None:
    generator = EmbeddedGenerator(EmbeddedModel.shipped("countdown"))
    assert generator.defaults.verifier == "embedded:countdown-value"


async def test_an_engine_on_the_policy_solves_a_text_as_countdown() -> None:
    async with Engine(model="embedded:countdown") as engine:
        result = await engine.solve("Make 29 from 3 5 8.", strategy="best_of_n(n=8)")
    assert str(made(result.answer or "")) == "29 from 3 5 8"


async def test_an_unknown_embedded_verifier_is_told_the_known_ones() -> None:
    generator = EmbeddedGenerator(EmbeddedModel.shipped("countdown"))
    options = SessionOptions(verifier="embedded:countdown-velue")
    with pytest.raises(UnknownName, match="countdown-value"):
        await open_verifier(options, generator)
