"""Qwen2.5-Math-PRM."""

from __future__ import annotations

from collections.abc import Sequence

from tts.protocols import MarkedRow
from tts.values import Message
from tts.verifiers.prm.family import Family
from tts.verifiers.prm.marked_pieces import marked_pieces, without
from tts.verifiers.prm.prompt_tokenizer import PromptTokenizer
from tts.verifiers.prm.read_out import second_class

MARKER = "<extra_0>"
SYSTEM = "Please reason step by step, and put your final answer within \\boxed{}."


def mark(tokenizer: PromptTokenizer, question: str, steps: Sequence[str]) -> MarkedRow:
    """System, question, and an assistant's turn of steps that each end in the marker.

    The marker is appended as an id, so that a text which contains it, or which ends in a
    separator, can never add one.
    """
    turns = (Message("system", SYSTEM), Message("user", without(question, MARKER)))
    marker = tokenizer.encode(MARKER)
    head = tokenizer.encode(tokenizer.render(turns, open_turn=True))
    own = ((tokenizer.encode(without(step, MARKER)), marker) for step in steps)
    return marked_pieces(head, own)


FAMILY = Family(
    name="qwen-math",
    models=("qwen2.5-math-prm", "qwen2.5-math-7b-prm800k"),
    source="Zhang et al. 2025, The Lessons of Developing Process Reward Models; model card",
    head="process_reward",
    mark=mark,
    read=second_class,
    aggregate="prod",
    marker=MARKER,
)
