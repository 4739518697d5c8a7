"""Recorded samples in the place of a model."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tts.backends.openai_http.prompt_count import PromptCount
from tts.backends.replay.row import SampleRow
from tts.backends.replay.samples import RecordedSamples
from tts.errors import BadInput, BadRequest
from tts.protocols import GenerateReply, GenerateRequest, Meter, TextListener
from tts.values import Capabilities, Completion, Message, Model, Usage


class ReplayGenerator:
    """Answers the i-th draw of a problem with its i-th recorded sample.

    A request without `indices` gets the first draws. A recorded failure is a failed draw, not a
    wrong answer. Counts that were not recorded are upper bounds from the texts, flagged.
    """

    def __init__(self, rows: Iterable[SampleRow], *, model: Model | None = None) -> None:
        kept = tuple(rows)
        names = {row.model for row in kept}
        if len(names) > 1:
            raise BadInput(f"One model at a time; the rows hold {', '.join(sorted(names))}.")
        self._model = model or Model(name=f"recorded:{names.pop()}")
        self._samples = RecordedSamples(kept)
        self._count = PromptCount(message_tokens=0, template_tokens=0)

    @property
    def model(self) -> Model:
        return self._model

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities(n=True, seed=True, reports_usage=True)

    def count_prompt(self, messages: Sequence[Message], prefix: str) -> int:
        """The recorded count of the problem's prompt, otherwise a bound from the text."""
        try:
            first = self._samples.of(self._samples.problem_of(messages), 0, 0)
        except BadRequest:
            return self._count.count(messages, prefix)
        return _prompt_tokens(first) or self._count.count(messages, prefix)

    async def generate(
        self, request: GenerateRequest, meter: Meter, listener: TextListener | None = None
    ) -> GenerateReply:
        """Look the draws up; raises `BadRequest` for a prefix or a draw that was not recorded."""
        if request.prefix:
            raise BadRequest("Recorded samples are whole; they cannot continue a text.")
        problem_id = self._samples.problem_of(request.messages)
        indices = request.indices or tuple(range(len(request.seeds)))
        rows = [self._samples.of(problem_id, index, request.replicate) for index in indices]
        drawn = tuple(completion(row) for row in rows)
        usage = self._usage(request, rows, drawn)
        meter.usage = usage
        for position, draw in enumerate(drawn):
            if listener and draw:
                listener(position, draw.text)
        unknown = any(_prompt_tokens(row) is None for row in rows)
        estimated = unknown or any(draw is not None and draw.estimated for draw in drawn)
        return GenerateReply(completions=drawn, usage=usage, estimated=estimated)

    async def close(self) -> None:
        return None

    def _usage(
        self,
        request: GenerateRequest,
        rows: Sequence[SampleRow],
        drawn: Sequence[Completion | None],
    ) -> Usage:
        bound = self._count.count(request.messages, "")
        return Usage(
            calls=1,
            prompt_tokens=max(_prompt_tokens(row) or bound for row in rows),
            completion_tokens=sum(draw.completion_tokens for draw in drawn if draw),
            reasoning_tokens=sum(draw.reasoning_tokens for draw in drawn if draw),
            nanodollars=None,
            flops=None,
            gpu_microseconds=None,
        )


def completion(row: SampleRow) -> Completion | None:
    """A recorded draw; None where the call failed.

    Where only the answer was recorded it stands boxed in the place of the text.
    """
    if row.failed:
        return None
    text = row.completion
    if text is None:
        text = "" if row.answer is None else f"\\boxed{{{row.answer}}}"
    billed, known = _completion_tokens(row, text)
    return Completion(
        text=text,
        finish_reason="stop",
        completion_tokens=billed,
        reasoning_tokens=min(billed, row.extra.get("reasoning_tokens") or 0),
        estimated=not known,
    )


def _prompt_tokens(row: SampleRow) -> int | None:
    return row.prompt_tokens or row.extra.get("group_prompt_tokens")


def _completion_tokens(row: SampleRow, text: str) -> tuple[int, bool]:
    """Billable tokens (total minus prompt, thoughts included) and whether they were recorded."""
    total, group = row.extra.get("total_tokens"), row.extra.get("group_completion_tokens")
    if row.completion_tokens is not None:
        outside = total - (row.prompt_tokens or 0) if total and row.prompt_tokens else 0
        return max(row.completion_tokens, outside), True
    if group:
        return max(1, round(group / row.extra["group_n"])), False
    return max(1, len(text.encode("utf-8", "replace"))), False
