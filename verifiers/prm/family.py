"""One kind of process reward model: its tokenizer, how it is asked, and how its head is read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import tanh
from typing import Any, Literal, Protocol

from tts.answers import Aggregate
from tts.protocols import MarkedRow, Vector
from tts.values import Message


class PromptTokenizer(Protocol):
    """Text to ids, and the model's chat template."""

    @property
    def begin(self) -> int | None:
        """The id that begins a sequence, where the model has one."""
        ...

    @property
    def size(self) -> int:
        """Ids below this number exist."""
        ...

    def encode(self, text: str) -> tuple[int, ...]:
        """The ids of a text; none are added, special tokens written in it are recognised."""
        ...

    def render(self, messages: Sequence[Message], *, open_turn: bool) -> str:
        """The conversation in the model's template. `open_turn`: up to the assistant's turn."""
        ...

    def token_id(self, token: str) -> int | None:
        """The id of a token by its name in the vocabulary; None where there is none."""
        ...


Head = Literal["process_reward", "token_classes", "labels", "value"]
"""process_reward: two classes behind a small network (Qwen2ForProcessRewardModel);
token_classes: two classes behind one layer; labels: two tokens of the language-model head;
value: one number behind one layer."""

Route = Literal["pooling", "pooling_server", "classify_server", "token_logprobs"]
"""pooling: vLLM in process; pooling_server and classify_server: `/pooling` and `/classify` of
`vllm serve`; token_logprobs: the labels' `prompt_logprobs` from its completions."""

Mark = Callable[[PromptTokenizer, str, Sequence[str]], MarkedRow]
"""(tokenizer, question, steps) to a row with one mark per step."""


@dataclass(frozen=True, kw_only=True)
class Family:
    """Template, marker, read-out, range, aggregation, length and routes of a family."""

    name: str
    models: tuple[str, ...]
    """Lower-case parts of the names of its published models."""
    source: str
    """The paper or model card that the format is taken from."""
    head: Head
    mark: Mark
    read: Callable[[Vector], float]
    """A head's raw output to a score in 0…1."""
    score_range: tuple[float, float] = (0.0, 1.0)
    """What the model itself reports, before it was mapped to 0…1."""
    calibrated: bool = True
    """Whether a score may be read as a probability; otherwise only the order counts."""
    aggregate: Aggregate = "min"
    context_length: int = 4096
    """Tokens that the model was trained to read."""
    marker: str = ""
    """A token that must be in the vocabulary."""
    labels: tuple[str, ...] = ()
    """Tokens of the vocabulary whose logits are the two classes, the good one first."""
    separator: str = "\n\n"
    """What the model's own steps are separated by."""
    routes: tuple[Route, ...] = ("pooling", "pooling_server")
    overrides: Mapping[str, Any] = field(default_factory=dict)
    """Fields of `config.json` that make vLLM load the head."""
    tensors: Mapping[str, str] = field(default_factory=dict)
    """Published tensor names to those that vLLM looks for."""

    @property
    def outputs(self) -> int:
        """Numbers per position."""
        return 1 if self.head == "value" else 2


def marked_pieces(
    question: Sequence[int], steps: Iterable[tuple[Sequence[int], Sequence[int]]]
) -> MarkedRow:
    """`question`, then each step's ids and the ids of its marker; marked is a marker's last id."""
    ids, marks = list(question), []
    for step, marker in steps:
        ids.extend(step)
        ids.extend(marker)
        marks.append(len(ids) - 1)
    return MarkedRow(tuple(ids), tuple(marks))


def without(text: str, marker: str) -> str:
    """A text that cannot add a marker of its own."""
    return text.replace(marker, "")


def second_class(vector: Vector) -> float:
    """softmax(vector)[1] of two logits."""
    return _logistic(vector[1] - vector[0])


def first_class(vector: Vector) -> float:
    """softmax(vector)[0] of two logits."""
    return _logistic(vector[0] - vector[1])


def sigmoid(vector: Vector) -> float:
    """The logistic function of the one logit."""
    return _logistic(vector[0])


def _logistic(x: float) -> float:
    # The tangent form cannot overflow.
    return (1.0 + tanh(x / 2.0)) / 2.0
