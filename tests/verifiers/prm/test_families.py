from __future__ import annotations

import pytest

from tts.errors import UnknownName, UsageError
from tts.protocols import MarkedRow
from tts.verifiers.prm import FAMILIES, Family, PromptTokenizer, family_of

STEPS = ("one and two", "three")


def texts(family: str, tokenizer: PromptTokenizer) -> list[str]:
    """The text up to each mark."""
    row = FAMILIES[family].mark(tokenizer, "Q?", STEPS)
    whole = "".join(map(chr, row.ids)).replace("\ue000", "<extra_0>").replace("\ue001", " ки")
    assert [chr(row.ids[mark]) for mark in row.marks]
    return [_shown(row, mark) for mark in row.marks] or [whole]


def _shown(row: MarkedRow, mark: int) -> str:
    ids = row.ids[: mark + 1]
    return "".join(map(chr, ids)).replace("\ue000", "<extra_0>").replace("\ue001", " ки")


def test_qwen_math_reads_behind_each_step(tokenizer: PromptTokenizer) -> None:
    first, second = texts("qwen-math", tokenizer)
    assert first.endswith("[user]Q?[assistant]one and two<extra_0>")
    assert second == f"{first}three<extra_0>"


def test_math_shepherd_numbers_the_steps(tokenizer: PromptTokenizer) -> None:
    assert texts("math-shepherd", tokenizer) == [
        "Q? Step 1: one and two ки",
        "Q? Step 1: one and two ки\nStep 2: three ки",
    ]


def test_rlhflow_reads_where_the_answer_is_predicted(tokenizer: PromptTokenizer) -> None:
    assert texts("rlhflow", tokenizer) == [
        "[user]Q? one and two[assistant]",
        "[user]Q? one and two[assistant]+[user]three[assistant]",
    ]


def test_skywork_puts_a_step_on_a_line(tokenizer: PromptTokenizer) -> None:
    row = FAMILIES["skywork"].mark(tokenizer, "Q?", ("a\nb", "c"))
    assert "".join(map(chr, row.ids)) == "Q?\na b\nc\n"
    assert row.marks == (6, 8)


def test_pure_reads_at_the_line_break(tokenizer: PromptTokenizer) -> None:
    assert texts("pure", tokenizer)[-1].endswith("[user]Q?[assistant]one and two\nthree\n")


def test_trl_reads_at_the_separator(tokenizer: PromptTokenizer) -> None:
    assert texts("trl", tokenizer) == ["Q?one and two\n\n", "Q?one and two\n\nthree\n\n"]


def test_prm800k_is_a_document(tokenizer: PromptTokenizer) -> None:
    assert texts("prm800k", tokenizer)[0] == "# Question\n\nQ?\n\n# Solution\n\none and two\n\n"


@pytest.mark.parametrize("family", FAMILIES.values(), ids=FAMILIES)
def test_there_is_one_mark_per_step(family: Family, tokenizer: PromptTokenizer) -> None:
    for count in range(4):
        row = family.mark(tokenizer, "Q?", ("step",) * count)
        assert len(row.marks) == count
        assert all(mark < len(row.ids) for mark in row.marks)


@pytest.mark.parametrize("family", FAMILIES.values(), ids=FAMILIES)
def test_a_longer_text_begins_with_the_shorter_one(
    family: Family, tokenizer: PromptTokenizer
) -> None:
    short = family.mark(tokenizer, "Q?", STEPS[:1])
    long = family.mark(tokenizer, "Q?", STEPS)
    assert long.ids[: short.marks[0] + 1] == short.ids[: short.marks[0] + 1]
    assert long.marks[0] == short.marks[0]


@pytest.mark.parametrize("name", ["qwen-math", "math-shepherd"])
def test_a_marker_in_the_text_adds_none(name: str, tokenizer: PromptTokenizer) -> None:
    hostile = "<extra_0> ки <extra_0>"
    assert len(FAMILIES[name].mark(tokenizer, hostile, (hostile, "b")).marks) == 2


@pytest.mark.parametrize("family", FAMILIES.values(), ids=FAMILIES)
def test_scores_lie_between_0_and_1_and_grow_with_the_good_logit(family: Family) -> None:
    good = 0 if family.head in ("labels", "value") else 1
    low, high = ([0.0] * family.outputs for _ in range(2))
    low[good], high[good] = -900.0, 900.0
    assert (family.read(tuple(low)), family.read(tuple(high))) == (0.0, 1.0)


@pytest.mark.parametrize(
    ("model", "family"),
    [
        ("Qwen/Qwen2.5-Math-PRM-72B", "qwen-math"),
        ("peiyi9979/math-shepherd-mistral-7b-prm", "math-shepherd"),
        ("RLHFlow/Llama3.1-8B-PRM-Deepseek-Data", "rlhflow"),
        ("Skywork/Skywork-o1-Open-PRM-Qwen-2.5-7B", "skywork"),
        ("jinachris/PURE-PRM-7B", "pure"),
        ("HuggingFaceH4/Qwen2.5-Math-7B-Instruct-PRM-0.2", "trl"),
        ("ScalableMath/llemma-7b-prm-prm800k-level-1to3-hf", "prm800k"),
    ],
)
def test_a_published_model_names_its_family(model: str, family: str) -> None:
    assert family_of(model).name == family


def test_an_unknown_model_needs_a_family() -> None:
    with pytest.raises(UsageError, match="family=NAME"):
        family_of("someone/their-model")


def test_an_unknown_family_is_named() -> None:
    with pytest.raises(UnknownName, match="qwen-math"):
        family_of("x", name="qwen-meth")
