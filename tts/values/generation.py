"""What is asked of whom, and one drawn text, whole and as it grows."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from msgspec import Meta, Struct, field

AnswerKind = Literal["any", "text", "mathematics", "countdown", "program", "instructed"]
"""What a task's answers are: text only, mathematics, either, which each answer then shows,
expressions that are the same where they make the same of the same numbers (`tts.countdown`),
programs, or texts that are right where they keep to instructions (`Instructions`).

Whatever is expected, algebra compares two answers only where both are mathematics. The kinds
differ in what letters without a sign between them are: `xy` is a product for mathematics alone.
"""

MessageRole = Literal["system", "user", "assistant", "tool"]


class FunctionCall(Struct, frozen=True):
    """Which function a model calls, and with what."""

    name: str
    arguments: str
    """JSON as the model wrote it: it may be broken."""


class ToolCall(Struct, frozen=True):
    """A tool that a model wants to be called, in the shape of the API."""

    id: str
    function: FunctionCall
    type: Literal["function"] = "function"


class Message(Struct, frozen=True, omit_defaults=True):
    """One turn of a conversation."""

    role: MessageRole
    content: str
    tool_calls: tuple[ToolCall, ...] = ()
    """Of an assistant's turn: what it called."""
    tool_call_id: str = ""
    """Of a tool's turn: which call it answers."""


class Conversation(Struct, frozen=True):
    """What is put to a model as it stands, in place of a prompt in a task's wording."""

    messages: tuple[Message, ...]
    fields: dict[str, Any] = {}
    """Further fields of every request that puts it, as the API calls them: tools, response_format,
    reasoning_effort, …. Backends that know none leave them out."""


class Problem(Struct, frozen=True, kw_only=True):
    """A question, what kind of question it is and, where known, its reference answer."""

    id: str
    prompt: str
    answer: str | None = None
    """The reference answer: seen by graders only, never by a strategy or a model."""
    task: str = "math"
    """Which prompt template and answer extraction apply; a key of `tts.answers.TASKS`."""
    difficulty_bin: int | None = None
    """1 (easiest) to 5."""
    metadata: dict[str, Any] = field(default_factory=dict)
    conversation: Conversation | None = None
    """What is put to the model instead of `prompt`, which then is what judges read."""


class Sampling(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Parameters of one draw; part of the call's key."""

    temperature: Annotated[float, Meta(ge=0)] = 1.0
    """0 is greedy: every such draw of one prompt is the same draw."""
    top_p: Annotated[float, Meta(gt=0, le=1)] = 1.0
    top_k: Annotated[int, Meta(ge=0)] = 0
    """0 means no limit."""
    max_tokens: Annotated[int, Meta(ge=1)] = 512
    """The most completion tokens of one draw; what a reservation assumes."""
    stop: tuple[str, ...] = ()
    """Strings that end a draw; they stay in the text."""
    logprobs: int | None = None
    """How many alternatives to report beside each chosen token (0: the chosen token only)."""

    @property
    def greedy(self) -> bool:
        return self.temperature == 0


class Model(Struct, frozen=True, kw_only=True):
    """A model as keys and prices know it."""

    name: str
    """As prices and reports show it, for example `gpt-5-mini` or `embedded:small`."""
    revision: str = ""
    """What else changes its answers: a commit, a weights hash, a quantisation."""
    parameters: int | None = None
    """Number of weights, for FLOPs; None: unknown."""
    context_length: int | None = None
    """Tokens of prompt and completion together; None: unknown."""


class Capabilities(Struct, frozen=True, kw_only=True):
    """What an endpoint was found to support; probed once and kept in the manifest."""

    n: bool = False
    """One request may return several draws."""
    coalesce: bool = False
    """Draws of one `sample(n=k)` travel as one request."""
    bills_prompt_once: bool = False
    """Draws of one `sample(n=k)` travel together and pay for their prompt once. A prompt that
    is billed with every draw, whatever a cache makes of it, is charged with every draw."""
    prefill: bool = False
    """A partial assistant text can be continued; needed by step-wise search."""
    logprobs: bool = False
    seed: bool = False
    keeps_stop: bool = False
    """The stop string comes back in the text, or which one matched is reported."""
    max_completion_tokens: bool = False
    """The ceiling travels as `max_completion_tokens` instead of `max_tokens`."""
    reports_usage: bool = True
    reasoning: bool = False
    """Reasoning tokens are reported."""


FinishReason = Literal[
    "stop",
    "length",
    "unknown",
    "content_filter",
    "refusal",
    "reasoning_only",
    "tool_calls",
]
"""How a draw ended.

`stop`: by a stop string or the end of the sequence. `length`: cut by max_tokens. `unknown`: the
whole draw came and the server did not say why it ended; its answer counts. The others hold no
answer: withheld by a filter, refused by the model, thoughts without a text, a call of tools.
"""

ENDED: frozenset[FinishReason] = frozenset({"stop", "unknown"})
"""The ends of a draw that was not cut and whose text may hold an answer."""


class TokenLogprob(Struct, frozen=True, array_like=True, gc=False):
    """A chosen token, its log-probability and those of its best alternatives."""

    token: str
    logprob: float
    top: tuple[tuple[str, float], ...] = ()

    @property
    def confidence(self) -> float | None:
        """Minus the mean log-probability of the best alternatives (Fu et al. 2025, section 3.1).

        Higher where the distribution is more peaked; None where no alternatives were reported.
        """
        return -sum(value for _, value in self.top) / len(self.top) if self.top else None


class Recording(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Which recorded sample a draw is, and where its answer stands."""

    model: str
    row: int
    """Its place among the model's rows."""
    answer: str | None = None
    told: Literal["row", "text", "nowhere"] = "row"
    """Of the answer: `row`: as recorded, None where there was none; `text`: the text has to be
    read for it; `nowhere`: neither was recorded, so it is unknown."""


class Completion(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """One drawn text and how it ended."""

    text: str
    """The stop string, where one ended the draw, is part of the text."""
    finish_reason: FinishReason
    stop: str | None = None
    """The stop string that ended the draw; None means end of sequence, or not reported."""
    completion_tokens: int = 0
    reasoning_tokens: int = 0
    """Included in `completion_tokens`."""
    reasoning: str | None = None
    """The thoughts of a reasoning model, where the backend reports them apart."""
    tool_calls: tuple[ToolCall, ...] = ()
    """What the model wants to be called, where it was given tools."""
    token_ids: tuple[int, ...] = ()
    logprobs: tuple[TokenLogprob, ...] = ()
    estimated: bool = False
    """The token count was not reported for this draw and was inferred."""
    recorded: Recording | None = None
    """None: drawn now, or cut short of what was recorded."""


class Piece(str):
    """New text, with the log-probabilities of its tokens where the backend streams them."""

    logprobs: tuple[TokenLogprob, ...]

    def __new__(cls, text: str, logprobs: tuple[TokenLogprob, ...] = ()) -> Self:
        piece = super().__new__(cls, text)
        piece.logprobs = logprobs
        return piece
