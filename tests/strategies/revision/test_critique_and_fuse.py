"""Critique and fuse: several drafts become one."""

from __future__ import annotations

from typing import Any

import pytest

from tts.answers.fence import fenced
from tts.strategies.revision.critique_and_fuse import CRITIQUE, FUSE, CritiqueAndFuse


def model(lab: Any, fused: str = "\\boxed{7}") -> Any:
    def say(messages: Any, _: Any, index: int) -> str:
        asked = messages[-1].content
        if FUSE in asked:
            return fused
        return "\\boxed{99}" if CRITIQUE in asked else f"draft {index} \\boxed{{{index % 2}}}"

    return lab.words(say)


def test_the_fused_solution_is_the_answer(lab: Any) -> None:
    words = model(lab)
    result = lab.run(lab.solve(CritiqueAndFuse(n=3), words))
    assert result.answer == "7" and result.usage.calls == 5
    shown = words.requests[3].messages[-1].content
    drafts = [fenced(f"draft {i} \\boxed{{{i % 2}}}") for i in range(3)]
    assert all(f"Solution {i}:\n{draft}" in shown for i, draft in enumerate(drafts, 1))


def test_a_critique_cannot_be_the_answer(lab: Any) -> None:
    result = lab.run(lab.solve(CritiqueAndFuse(n=3), model(lab)))
    assert "99" not in [kept.candidate.answer for kept in result.candidates]
    assert result.spend["judge"].calls == 1


def test_drafts_vote_where_the_fused_text_has_no_answer(lab: Any) -> None:
    result = lab.run(lab.solve(CritiqueAndFuse(n=3), model(lab, fused="I am not sure.")))
    assert result.answer == "0"


@pytest.mark.parametrize(("layers", "calls"), [(1, 5), (2, 9), (3, 13)])
def test_every_layer_but_the_last_fuses_n_drafts(lab: Any, layers: int, calls: int) -> None:
    result = lab.run(lab.solve(CritiqueAndFuse(n=3, layers=layers), model(lab)))
    assert result.usage.calls == calls


def test_without_critique_there_is_one_call_less(lab: Any) -> None:
    result = lab.run(lab.solve(CritiqueAndFuse(n=3, critique_tokens=None), model(lab)))
    assert result.usage.calls == 4 and "judge" not in result.spend


def test_drafts_take_turns_over_all_models(forest: Any, lab: Any) -> None:
    small, large = model(lab), lab.words(lambda *_: "\\boxed{3}")
    result = forest.grow(CritiqueAndFuse(n=4), policy=small, models={"large": large})
    assert len(large.requests) == 2 and result.answer == "7"
