"""A model's folder: its tokenizer, whether it holds its family's head, and how vLLM loads that."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tokenizers import Tokenizer

from tts.backends.chat_template import ChatTemplate
from tts.errors import BadInput
from tts.values import Message
from tts.verifiers.prm.family import Family, PromptTokenizer


class FolderTokenizer:
    """Reads `tokenizer.json` and the chat template of a Hugging Face folder."""

    def __init__(self, folder: Path) -> None:
        path = folder / "tokenizer.json"
        if not path.is_file():
            raise BadInput(f"{folder}: there is no tokenizer.json; convert the tokenizer first.")
        self._tokenizer = Tokenizer.from_file(str(path))
        self._template = ChatTemplate(folder)

    @property
    def begin(self) -> int | None:
        name = self._template.begin
        return self._tokenizer.token_to_id(name) if name else None

    @property
    def size(self) -> int:
        return int(self._tokenizer.get_vocab_size())

    def encode(self, text: str) -> tuple[int, ...]:
        return tuple(self._tokenizer.encode(text, add_special_tokens=False).ids)

    def render(self, messages: Sequence[Message], *, open_turn: bool) -> str:
        return self._template.render(messages, open_turn=open_turn)

    def token_id(self, token: str) -> int | None:
        found = self._tokenizer.token_to_id(token)
        return None if found is None else int(found)


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
