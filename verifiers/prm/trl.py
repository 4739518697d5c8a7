"""Models trained with TRL's PRMTrainer (token classification)."""

from __future__ import annotations

from collections.abc import Sequence

from tts.protocols import MarkedRow
from tts.verifiers.prm.family import Family
from tts.verifiers.prm.marked_pieces import marked_pieces
from tts.verifiers.prm.prompt_tokenizer import PromptTokenizer
from tts.verifiers.prm.read_out import second_class


def mark(tokenizer: PromptTokenizer, question: str, steps: Sequence[str]) -> MarkedRow:
    """Question, then each step with the separator's own ids behind it, as the trainer does.

    Tokenising the joined text merges the separator with its neighbours and moves the scores
    (ProcessBench pull request 12).
    """
    begin = () if tokenizer.begin is None else (tokenizer.begin,)
    marker = tokenizer.encode("\n\n")
    head = (*begin, *tokenizer.encode(question))
    return marked_pieces(head, ((tokenizer.encode(step), marker) for step in steps))


FAMILY = Family(
    name="trl",
    models=("instruct-prm-0.", "trl-prm"),
    source="TRL PRMTrainer; HuggingFaceH4/Qwen2.5-Math-7B-Instruct-PRM-0.2 model card",
    head="token_classes",
    mark=mark,
    read=second_class,
    aggregate="min",
    overrides={"architectures": ["Qwen2ForSequenceClassification"], "num_labels": 2},
)
