from __future__ import annotations

import pytest

from tts.backends.embedded.generator import EmbeddedGenerator
from tts.backends.embedded.model import EMBEDDED_NAMES, EmbeddedModel, EmbeddedName, model_folder
from tts.backends.embedded.step_scorer import EmbeddedStepScorer
from tts.protocols import GenerateRequest, Meter, StepScoreRequest
from tts.strategies.parts.conversation import asking, replying
from tts.strategies.revision.sequential_revision import AGAIN
from tts.values import Message, Sampling

MEBIBYTE = 2**20
QUESTION = (Message("user", "Compute (3 + 4) * (2 + 4)."),)


def size(name: EmbeddedName) -> int:
    return (model_folder(name) / "model.safetensors").stat().st_size


async def greedy(messages: tuple[Message, ...]) -> str:
    """What the policy of graded arithmetic answers greedily."""
    generator = EmbeddedGenerator(EmbeddedModel.shipped("steps"))
    sampling = Sampling(temperature=0, max_tokens=64)
    reply = await generator.generate(
        GenerateRequest(messages=messages, sampling=sampling, seeds=(0,)), Meter()
    )
    await generator.close()
    assert reply.completions[0] is not None
    return reply.completions[0].text


async def test_a_policy_solves_an_easy_problem() -> None:
    assert (await greedy(QUESTION)).endswith("\\boxed{42}")


@pytest.mark.parametrize("step", ["7 * (2 + 4)", "(3 + 4) * 6"])
async def test_a_policy_asked_again_ends_right_where_its_attempt_was_wrong(step: str) -> None:
    attempt = replying(QUESTION, f"{step}\n\n\\boxed{{41}}")
    assert (await greedy(asking(attempt, AGAIN))).endswith("\\boxed{42}")


async def test_the_scorer_prefers_either_right_first_step_to_a_wrong_one() -> None:
    scorer = EmbeddedStepScorer(EmbeddedModel.shipped("steps-prm"))
    left, right, wrong = [
        (await scorer.score_steps(StepScoreRequest(messages=QUESTION, steps=(step,)), Meter())).scores[0]
        for step in ("7 * (2 + 4)", "(3 + 4) * 6", "8 * (2 + 4)")
    ]  # fmt: skip
    await scorer.close()
    assert min(left, right) > 0.5 > wrong


def test_a_policy_names_the_scorer_that_knows_its_solutions() -> None:
    names: tuple[EmbeddedName, ...] = ("small", "large", "steps")
    found = [EmbeddedGenerator(EmbeddedModel.shipped(name)).defaults.verifier for name in names]
    assert found == ["embedded:prm"] * 2 + ["embedded:steps-prm"]


def test_all_shipped_weights_together_stay_small() -> None:
    assert sum(map(size, EMBEDDED_NAMES)) <= 30 * MEBIBYTE
