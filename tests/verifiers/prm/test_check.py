from __future__ import annotations

from typing import Any

import pytest

from tts.errors import BadInput
from tts.verifiers.prm import FAMILIES, PromptTokenizer, check_model, vllm_overrides

QWEN = {"architectures": ["Qwen2ForProcessRewardModel"]}
LLAMA = {"architectures": ["LlamaForCausalLM"]}


def check(family: str, config: dict[str, Any], tokenizer: PromptTokenizer) -> None:
    check_model(FAMILIES[family], name="m", config=config, tokenizer=tokenizer)


def test_the_right_head_and_vocabulary_pass(tokenizer: PromptTokenizer) -> None:
    check("qwen-math", QWEN, tokenizer)
    check("rlhflow", LLAMA, tokenizer)
    check("trl", {"architectures": ["Qwen2ForTokenClassification"], "num_labels": 2}, tokenizer)


def test_a_language_model_head_is_no_reward_head(tokenizer: PromptTokenizer) -> None:
    with pytest.raises(BadInput, match="LlamaForCausalLM"):
        check("qwen-math", LLAMA, tokenizer)


def test_another_number_of_classes_is_refused(tokenizer: PromptTokenizer) -> None:
    config = {
        "architectures": ["Qwen2ForTokenClassification"],
        "id2label": {"0": "a", "1": "b", "2": "c"},
    }
    with pytest.raises(BadInput, match="3 classes"):
        check("trl", config, tokenizer)


def test_a_vocabulary_without_the_marker_is_refused(tokenizer: PromptTokenizer) -> None:
    with pytest.raises(BadInput, match="▁\\+"):
        check("math-shepherd", LLAMA, tokenizer)


def test_label_heads_become_a_classifier_of_two_tokens() -> None:
    assert vllm_overrides(FAMILIES["rlhflow"], LLAMA) == {
        "architectures": ["LlamaForSequenceClassification"],
        "classifier_from_token": ["+", "-"],
        "method": "no_post_processing",
        "num_labels": 2,
    }
