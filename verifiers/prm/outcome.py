"""Reward models that judge a whole answer: sequence classification with one output."""

from __future__ import annotations

from collections.abc import Sequence

from tts.protocols import MarkedRow
from tts.values import Message
from tts.verifiers.prm.family import Family
from tts.verifiers.prm.prompt_tokenizer import PromptTokenizer
from tts.verifiers.prm.read_out import sigmoid


def mark(tokenizer: PromptTokenizer, question: str, steps: Sequence[str]) -> MarkedRow:
    """Question and answer in the chat template, read at the last token of all.

    The mark stands for every step: an outcome verifier hands over the answer as one.
    """
    turns = [Message("user", question), Message("assistant", "\n\n".join(steps))]
    ids = tokenizer.encode(tokenizer.render(turns, open_turn=False))
    return MarkedRow(ids, (len(ids) - 1,) * len(steps))


FAMILY = Family(
    name="outcome",
    models=("-reward-", "reward-model", "-rm-"),
    source="Bradley-Terry reward models with a one-number head, Ouyang et al. 2022; model cards",
    head="value",
    mark=mark,
    read=sigmoid,
    score_range=(float("-inf"), float("inf")),
    calibrated=False,
    aggregate="last",
    routes=("classify_server", "pooling", "pooling_server"),
    overrides={"num_labels": 1},
)
