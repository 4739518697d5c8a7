"""How vLLM is told to load a family's head."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tts.verifiers.prm.family import Family


def vllm_overrides(family: Family, config: Mapping[str, Any]) -> dict[str, Any]:
    """Fields of `config.json` to replace.

    Label heads become a classifier of two rows of the language-model head, so that pooling
    returns the two logits at every position and no vocabulary leaves the device.
    """
    if family.head != "labels":
        return dict(family.overrides)
    architecture = str((config.get("architectures") or [""])[0])
    return {
        "architectures": [architecture.replace("ForCausalLM", "ForSequenceClassification")],
        "classifier_from_token": list(family.labels),
        "method": "no_post_processing",
        "num_labels": len(family.labels),
    }
