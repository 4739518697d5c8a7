"""The families of reward models: how each is asked and read, and which one a model belongs to."""

from __future__ import annotations

import re
from collections.abc import Sequence

from tts.errors import UnknownName, UsageError
from tts.protocols import MarkedRow
from tts.values import Message
from tts.verifiers.prm.family import (
    Family,
    PromptTokenizer,
    first_class,
    marked_pieces,
    second_class,
    sigmoid,
    without,
)

QWEN_MARKER = "<extra_0>"
QWEN_SYSTEM = "Please reason step by step, and put your final answer within \\boxed{}."


def mark_qwen_math(tokenizer: PromptTokenizer, question: str, steps: Sequence[str]) -> MarkedRow:
    """System, question, and an assistant's turn of steps that each end in the marker.

    The marker is appended as an id, so that a text which contains it, or which ends in a
    separator, can never add one.
    """
    turns = (Message("system", QWEN_SYSTEM), Message("user", without(question, QWEN_MARKER)))
    marker = tokenizer.encode(QWEN_MARKER)
    head = tokenizer.encode(tokenizer.render(turns, open_turn=True))
    own = ((tokenizer.encode(without(step, QWEN_MARKER)), marker) for step in steps)
    return marked_pieces(head, own)


QWEN_MATH = Family(
    name="qwen-math",
    models=("qwen2.5-math-prm", "qwen2.5-math-7b-prm800k"),
    source="Zhang et al. 2025, The Lessons of Developing Process Reward Models; model card",
    head="process_reward",
    mark=mark_qwen_math,
    read=second_class,
    aggregate="prod",
    marker=QWEN_MARKER,
)


def mark_pure(tokenizer: PromptTokenizer, question: str, steps: Sequence[str]) -> MarkedRow:
    """Qwen's chat template, then each step and the id of a line break.

    The model reports P(right) − P(wrong) in −1…1, which is 2·P(right) − 1: the score here is
    P(right), in the same order.
    """
    turns = (Message("system", QWEN_SYSTEM), Message("user", question))
    head = tokenizer.encode(tokenizer.render(turns, open_turn=True))
    marker = tokenizer.encode("\n")[-1:]
    return marked_pieces(head, ((tokenizer.encode(step), marker) for step in steps))


PURE = Family(
    name="pure",
    models=("pure-prm",),
    source="Cheng et al. 2025, Stop Summation: Min-Form Credit Assignment (PURE); model card",
    head="token_classes",
    mark=mark_pure,
    read=second_class,
    score_range=(-1.0, 1.0),
    aggregate="min",
    separator="\n",
    overrides={"architectures": ["Qwen2ForSequenceClassification"], "num_labels": 2},
)


SHEPHERD_MARKER = "ки"
_NUMBERED = re.compile(r"\s*Step \d+:")


def mark_math_shepherd(
    tokenizer: PromptTokenizer, question: str, steps: Sequence[str]
) -> MarkedRow:
    """The question and numbered steps, one a line, each ending in the marker; no chat template.

    Steps without a number get one, since the model has seen no others. The text is tokenised as
    a whole: its tokenizer puts a blank before whatever is tokenised alone.
    """
    begin = () if tokenizer.begin is None else (tokenizer.begin,)
    lines = "\n".join(_numbered_line(step, number) for number, step in enumerate(steps, start=1))
    text = (
        f"{without(question, SHEPHERD_MARKER)} {lines}"
        if steps
        else without(question, SHEPHERD_MARKER)
    )
    ids = (*begin, *tokenizer.encode(text))
    marker = tokenizer.encode(f" {SHEPHERD_MARKER}")[-1]
    return MarkedRow(ids, tuple(at for at, token in enumerate(ids) if token == marker))


def _numbered_line(step: str, number: int) -> str:
    text = without(step, SHEPHERD_MARKER).strip()
    numbered = text if _NUMBERED.match(text) else f"Step {number}: {text}"
    return f"{numbered} {SHEPHERD_MARKER}"


MATH_SHEPHERD = Family(
    name="math-shepherd",
    models=("math-shepherd",),
    source="Wang et al. 2024, Math-Shepherd, section 3; model card",
    head="labels",
    mark=mark_math_shepherd,
    read=first_class,
    aggregate="min",
    marker="▁ки",
    labels=("▁+", "▁-"),
    separator="\n",
    routes=("pooling", "token_logprobs"),
)


def mark_prm800k(tokenizer: PromptTokenizer, question: str, steps: Sequence[str]) -> MarkedRow:
    """`# Question`, `# Solution`, steps that each end in a blank line; read at its last token.

    A blank line ends a token in these vocabularies, so that the ids of a beginning are the
    beginning of the ids.
    """
    begin = () if tokenizer.begin is None else (tokenizer.begin,)
    text = f"# Question\n\n{question}\n\n# Solution\n\n"
    ids, marks = (*begin, *tokenizer.encode(text)), []
    for step in steps:
        text += f"{step}\n\n"
        ids = (*begin, *tokenizer.encode(text))
        marks.append(len(ids) - 1)
    return MarkedRow(ids, tuple(marks))


PRM800K = Family(
    name="prm800k",
    models=("llemma-7b-prm",),
    source="Sun et al. 2024, Easy-to-Hard Generalization; labels after Lightman et al. 2023",
    head="labels",
    mark=mark_prm800k,
    read=first_class,
    aggregate="prod",
    labels=("+", "-"),
    routes=("pooling", "token_logprobs"),
)


GOOD, BAD = "+", "-"


def mark_rlhflow(tokenizer: PromptTokenizer, question: str, steps: Sequence[str]) -> MarkedRow:
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


RLHFLOW = Family(
    name="rlhflow",
    models=("prm-deepseek-data", "prm-mistral-data"),
    source="Xiong et al. 2024, An Implementation of Generative PRM (RLHFlow); repository",
    head="labels",
    mark=mark_rlhflow,
    read=first_class,
    aggregate="min",
    context_length=8192,
    labels=(GOOD, BAD),
    routes=("pooling", "token_logprobs"),
)


def mark_skywork(tokenizer: PromptTokenizer, question: str, steps: Sequence[str]) -> MarkedRow:
    """Begin token, question and a line per step; the line break's id is appended to each.

    A step that holds line breaks would be several steps to the model: they become blanks.
    """
    begin = () if tokenizer.begin is None else (tokenizer.begin,)
    marker = tokenizer.encode("\n")[-1:]
    head = (*begin, *tokenizer.encode(f"{question}\n"))
    own = ((tokenizer.encode(" ".join(step.split("\n"))), marker) for step in steps)
    return marked_pieces(head, own)


SKYWORK = Family(
    name="skywork",
    models=("skywork-o1-open-prm",),
    source="Skywork o1 Open PRM, inference repository (model_utils/io_utils.py)",
    head="value",
    mark=mark_skywork,
    read=sigmoid,
    aggregate="mean",
    separator="\n",
    routes=("pooling",),
    tensors={"v_head.summary.weight": "score.weight", "v_head.summary.bias": "score.bias"},
    overrides={"architectures": ["Qwen2ForSequenceClassification"], "num_labels": 1},
)


def mark_trl(tokenizer: PromptTokenizer, question: str, steps: Sequence[str]) -> MarkedRow:
    """Question, then each step with the separator's own ids behind it, as the trainer does.

    Tokenising the joined text merges the separator with its neighbours and moves the scores
    (ProcessBench pull request 12).
    """
    begin = () if tokenizer.begin is None else (tokenizer.begin,)
    marker = tokenizer.encode("\n\n")
    head = (*begin, *tokenizer.encode(question))
    return marked_pieces(head, ((tokenizer.encode(step), marker) for step in steps))


TRL = Family(
    name="trl",
    models=("instruct-prm-0.", "trl-prm"),
    source="TRL PRMTrainer; HuggingFaceH4/Qwen2.5-Math-7B-Instruct-PRM-0.2 model card",
    head="token_classes",
    mark=mark_trl,
    read=second_class,
    aggregate="min",
    overrides={"architectures": ["Qwen2ForSequenceClassification"], "num_labels": 2},
)


def mark_outcome(tokenizer: PromptTokenizer, question: str, steps: Sequence[str]) -> MarkedRow:
    """Question and answer in the chat template, read at the last token of all.

    The mark stands for every step: an outcome verifier hands over the answer as one.
    """
    turns = [Message("user", question), Message("assistant", "\n\n".join(steps))]
    ids = tokenizer.encode(tokenizer.render(turns, open_turn=False))
    return MarkedRow(ids, (len(ids) - 1,) * len(steps))


OUTCOME = Family(
    name="outcome",
    models=("-reward-", "reward-model", "-rm-"),
    source="Bradley-Terry reward models with a one-number head, Ouyang et al. 2022; model cards",
    head="value",
    mark=mark_outcome,
    read=sigmoid,
    score_range=(float("-inf"), float("inf")),
    calibrated=False,
    aggregate="last",
    routes=("classify_server", "pooling", "pooling_server"),
    overrides={"num_labels": 1},
)


FAMILIES: dict[str, Family] = {
    family.name: family
    for family in (MATH_SHEPHERD, PRM800K, PURE, QWEN_MATH, RLHFLOW, SKYWORK, TRL)
}


def family_of(model: str, *, architecture: str = "", name: str = "") -> Family:
    """The family of a model by its own `name`, the model's name, or its architecture."""
    if name:
        if name not in FAMILIES:
            raise UnknownName("family of process reward models", name, FAMILIES)
        return FAMILIES[name]
    lowered = model.lower()
    for family in FAMILIES.values():
        if any(part in lowered for part in family.models):
            return family
    if architecture == "Qwen2ForProcessRewardModel":
        return FAMILIES["qwen-math"]
    raise UsageError(
        f"{model}: its name tells no family of process reward models. Add family=NAME, one of "
        f"{', '.join(sorted(FAMILIES))}."
    )
