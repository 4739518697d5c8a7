"""Skywork-o1-Open-PRM."""

from __future__ import annotations

from collections.abc import Sequence

from tts.protocols import MarkedRow
from tts.verifiers.prm.family import Family
from tts.verifiers.prm.marked_pieces import marked_pieces
from tts.verifiers.prm.prompt_tokenizer import PromptTokenizer
from tts.verifiers.prm.read_out import sigmoid


def mark(tokenizer: PromptTokenizer, question: str, steps: Sequence[str]) -> MarkedRow:
    """Begin token, question and a line per step; the line break's id is appended to each.

    A step that holds line breaks would be several steps to the model: they become blanks.
    """
    begin = () if tokenizer.begin is None else (tokenizer.begin,)
    marker = tokenizer.encode("\n")[-1:]
    head = (*begin, *tokenizer.encode(f"{question}\n"))
    own = ((tokenizer.encode(" ".join(step.split("\n"))), marker) for step in steps)
    return marked_pieces(head, own)


FAMILY = Family(
    name="skywork",
    models=("skywork-o1-open-prm",),
    source="Skywork o1 Open PRM, inference repository (model_utils/io_utils.py)",
    head="value",
    mark=mark,
    read=sigmoid,
    aggregate="mean",
    separator="\n",
    routes=("pooling",),
    tensors={"v_head.summary.weight": "score.weight", "v_head.summary.bias": "score.bias"},
    overrides={"architectures": ["Qwen2ForSequenceClassification"], "num_labels": 1},
)
