"""Whether a folder really holds a model of its family."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tts.errors import BadInput
from tts.verifiers.prm.family import Family
from tts.verifiers.prm.prompt_tokenizer import PromptTokenizer

_ARCHITECTURES: Mapping[str, tuple[str, ...]] = {
    "process_reward": ("ForProcessRewardModel",),
    "token_classes": ("ForTokenClassification", "ForSequenceClassification"),
    "value": ("ForPrmModel", "ForRewardModel", "ForCausalLM", "ForSequenceClassification"),
    "labels": ("ForCausalLM",),
}


def check_model(
    family: Family, *, name: str, config: Mapping[str, Any], tokenizer: PromptTokenizer
) -> None:
    """Raises BadInput for another head or vocabulary than the family's.

    A process reward model that is loaded with a language-model head answers with the vocabulary's
    logits, and every score of it is noise.
    """
    architectures = [str(one) for one in config.get("architectures") or ()]
    known = _ARCHITECTURES[family.head]
    if not any(one.endswith(known) for one in architectures):
        raise BadInput(
            f"{name}: its architecture is {', '.join(architectures) or 'not stated'}; a "
            f"{family.name} model ends in {' or '.join(known)}."
        )
    classes = _classes(config)
    if family.head == "token_classes" and classes is not None and classes != family.outputs:
        raise BadInput(f"{name}: its head has {classes} classes instead of {family.outputs}.")
    for token in (family.marker, *family.labels):
        if token and tokenizer.token_id(token) is None:
            raise BadInput(f"{name}: its vocabulary has no {token!r}, which {family.name} needs.")


def _classes(config: Mapping[str, Any]) -> int | None:
    labels = config.get("id2label")
    count = config.get("num_labels", len(labels) if isinstance(labels, Mapping) else None)
    return count if isinstance(count, int) else None
