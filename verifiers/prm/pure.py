"""PURE-PRM."""

from __future__ import annotations

from collections.abc import Sequence

from tts.protocols import MarkedRow
from tts.values import Message
from tts.verifiers.prm.family import Family
from tts.verifiers.prm.marked_pieces import marked_pieces
from tts.verifiers.prm.prompt_tokenizer import PromptTokenizer
from tts.verifiers.prm.qwen_math import SYSTEM
from tts.verifiers.prm.read_out import second_class


def mark(tokenizer: PromptTokenizer, question: str, steps: Sequence[str]) -> MarkedRow:
    """Qwen's chat template, then each step and the id of a line break.

    The model reports P(right) − P(wrong) in −1…1, which is 2·P(right) − 1: the score here is
    P(right), in the same order.
    """
    turns = (Message("system", SYSTEM), Message("user", question))
    head = tokenizer.encode(tokenizer.render(turns, open_turn=True))
    marker = tokenizer.encode("\n")[-1:]
    return marked_pieces(head, ((tokenizer.encode(step), marker) for step in steps))


FAMILY = Family(
    name="pure",
    models=("pure-prm",),
    source="Cheng et al. 2025, Stop Summation: Min-Form Credit Assignment (PURE); model card",
    head="token_classes",
    mark=mark,
    read=second_class,
    score_range=(-1.0, 1.0),
    aggregate="min",
    separator="\n",
    overrides={"architectures": ["Qwen2ForSequenceClassification"], "num_labels": 2},
)
