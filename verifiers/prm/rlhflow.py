"""RLHFlow's Llama-3.1 models on Deepseek and Mistral data."""

from __future__ import annotations

from collections.abc import Sequence

from tts.protocols import MarkedRow
from tts.values import Message
from tts.verifiers.prm.family import Family
from tts.verifiers.prm.prompt_tokenizer import PromptTokenizer
from tts.verifiers.prm.read_out import first_class

GOOD, BAD = "+", "-"


def mark(tokenizer: PromptTokenizer, question: str, steps: Sequence[str]) -> MarkedRow:
    """One user turn per step, the question before the first, each answered with "+".

    The head is read where it predicts the answer. Earlier answers are always "+": the model was
    trained so, and what it said itself would change the later scores.
    """
    turns: list[Message] = []
    ids: tuple[int, ...] = ()
    marks: list[int] = []
    for number, step in enumerate(steps):
        turns.append(Message("user", step if number else f"{question} {step}"))
        ids = tokenizer.encode(tokenizer.render(turns, open_turn=True))
        marks.append(len(ids) - 1)
        turns.append(Message("assistant", GOOD))
    if not steps:
        turns.append(Message("user", question))
        ids = tokenizer.encode(tokenizer.render(turns, open_turn=True))
    return MarkedRow(ids, tuple(marks))


FAMILY = Family(
    name="rlhflow",
    models=("prm-deepseek-data", "prm-mistral-data"),
    source="Xiong et al. 2024, An Implementation of Generative PRM (RLHFlow); repository",
    head="labels",
    mark=mark,
    read=first_class,
    aggregate="min",
    context_length=8192,
    labels=(GOOD, BAD),
    routes=("pooling", "token_logprobs"),
)
