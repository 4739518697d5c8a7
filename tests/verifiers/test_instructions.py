"""The exact verifier of texts: what it scores by is shown, what judges may know more."""

from __future__ import annotations

import pytest

from tts.backends.scripted import ScriptedGenerator
from tts.engine import Engine
from tts.errors import UsageError
from tts.values import Problem
from tts.verifiers.instructions import instructions_of

ASKED = Problem(
    id="p",
    prompt="Write a sentence with the words cat and milk.",
    answer='{"words": ["cat", "milk"], "sentences": 1}',
    task="instructed",
    metadata={"instructions": {"words": ["cat", "milk"], "sentences": 1}},
)
DRAFTS = ["A cat sleeps.", "The cat drinks milk.", "Milk"]


async def test_the_draft_that_keeps_to_most_of_its_question_is_chosen_and_is_right() -> None:
    async with Engine(ScriptedGenerator(DRAFTS), verifier="instructions") as engine:
        result = await engine.solve(ASKED, strategy="best_of_n(n=3)")
    scores = {one.candidate.text: one.score.value for one in result.candidates if one.score}
    assert result.answer == "The cat drinks milk."
    assert [round(scores[text], 2) for text in DRAFTS] == [0.67, 1.0, 0.33]
    assert result.spend["verify"].calls == 3


async def test_a_number_is_preferred_by_what_is_shown_and_not_by_its_reference() -> None:
    asked = Problem(
        id="p",
        prompt="How many legs has a dog: 2, 4 or 6?",
        answer="4",
        task="gsm8k",
        metadata={"instructions": {"among": [2, 4, 6]}},
    )
    async with Engine(ScriptedGenerator(["7", "none", "6"]), verifier="instructions") as engine:
        result = await engine.solve(asked, strategy="best_of_n(n=3)")
    assert result.answer == "6"


async def test_a_question_that_shows_nothing_is_told_in_one_line() -> None:
    bare = Problem(id="bare", prompt="?")
    with pytest.raises(UsageError, match="'bare' shows no instructions") as caught:
        instructions_of(bare)
    assert "\n" not in str(caught.value)
    async with Engine(ScriptedGenerator(["1"]), verifier="instructions") as engine:
        with pytest.raises(UsageError, match="shows no instructions"):
            await engine.solve(bare, strategy="best_of_n(n=1)")


async def test_the_verifier_takes_no_name() -> None:
    with pytest.raises(UsageError, match="it takes no name"):
        async with Engine("simulated:1", verifier="instructions:strict") as engine:
            await engine.solve(ASKED)
