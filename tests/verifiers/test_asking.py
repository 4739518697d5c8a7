"""Questions to a judge: what they are counted to have in common."""

from __future__ import annotations

from typing import Any

import pytest

from tts.answers.fence import fenced
from tts.backends.scripted import ScriptedGenerator
from tts.values import Model
from tts.verifiers.asking import Asking, room_for
from tts.verifiers.judge import PointwiseWording


@pytest.mark.parametrize(("a_token", "a_third"), [(2, False), (1, True)])
def test_a_shared_question_has_its_counted_tokens_and_of_a_bound_a_third(
    lab: Any, a_token: int, a_third: bool
) -> None:
    class Counting(ScriptedGenerator):
        def count_prompt(self, messages: Any, prefix: str) -> int:
            return sum(len(turn.content) for turn in messages) // a_token

    generator = Counting(lambda *_: "Score: 7")
    asking = Asking(generator, wording=PointwiseWording(), sampling=lab.sampling)
    whole, stem = (count() for _, count in asking.prefixes((lab.answer,)))
    size = whole * a_token - len(fenced(lab.answer.text))
    assert stem == (size // 3 if a_third else size // a_token)


@pytest.mark.parametrize(("context", "most"), [(None, 1024), (32_768, 1024), (1024, 512)])
def test_a_verdict_leaves_half_of_a_short_context_to_what_is_judged(
    context: int | None, most: int
) -> None:
    model = Model(name="judge", context_length=context)
    assert room_for(ScriptedGenerator([], model=model)) == most
