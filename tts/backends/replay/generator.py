"""Recorded samples in the place of a model."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property
from hashlib import blake2b
from math import ceil
from typing import Literal, NamedTuple

import msgspec

from tts.backends.replay.read import models
from tts.backends.replay.row import SampleRow
from tts.backends.replay.samples import RecordedSamples
from tts.errors import BadInput, BadRequest
from tts.protocols import Defaults, GenerateReply, GenerateRequest, Meter, TextListener
from tts.values import (
    BYTES_PER_TOKEN,
    Candidate,
    Capabilities,
    Completion,
    Message,
    Model,
    Problem,
    RecordedVerdict,
    Recording,
    Usage,
)

_TELLING = tuple(
    name
    for name in SampleRow.__struct_fields__
    if name not in ("seconds", "dollars", "score_tokens", "replicate", "task")
)
"""Fields that make draws other draws; what they once took does not."""
_FAILED = "The recorded call failed: it gave neither text nor answer nor verdict."


class ReplayGenerator:
    """Answers the i-th draw of a problem with its i-th recorded sample.

    A request without `indices` gets the first draws. A recorded failure is a failed draw, not a
    wrong answer. A draw longer than `max_tokens` is cut there, and then none of what was recorded
    of it counts. Token counts that were not recorded are estimated and flagged.
    """

    def __init__(self, rows: Iterable[SampleRow], *, model: Model | None = None) -> None:
        self.samples = RecordedSamples(rows)
        names = models(self.samples.rows)
        if len(names) > 1:
            raise BadInput(f"One model at a time; the rows hold {', '.join(names)}.")
        self._model = model or Model(
            name=f"recorded:{names[0]}", revision=_digest(self.samples.rows)
        )
        self.tokens = TokenCounts(self.samples.rows)
        self._most = {
            problem_id: max(self.tokens.completion(self.samples.rows[at]).number for at in places)
            for problem_id, places in self.samples.by_problem.items()
        }
        self._longest = max(1, *self._most.values())

    @property
    def model(self) -> Model:
        return self._model

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities(n=True, seed=True, reports_usage=True)

    @property
    def defaults(self) -> Defaults:
        """As many tokens as the longest recorded draw has, and the scores that were recorded."""
        return Defaults(max_tokens=self._longest, verifier="recorded:scores", sheds_load=False)

    # What is known beforehand

    @property
    def longest(self) -> int:
        """Tokens of the longest recorded draw, at least 1."""
        return self._longest

    def most_tokens(self, problem: Problem) -> int:
        """Completion tokens of the longest draw recorded for a problem."""
        asked = (Message("user", problem.prompt),)
        found = self.samples.problems_of(asked, problem.id)
        return max((self._most[name] for name in found), default=self.longest)

    def count_prompt(self, messages: Sequence[Message], prefix: str) -> int:
        """The recorded count of the problem's prompt, otherwise an estimate from the text."""
        found = self.samples.problems_of(messages)
        counts = [self.tokens.most_prompt(name, messages) for name in found]
        most = max(counts, default=self.tokens.messages(messages))
        return most + (self.tokens.text(prefix) if prefix else 0)

    def short_of(self, n: int) -> str:
        """What is missing where `n` draws of each problem are asked for; empty: nothing."""
        counts = [len(places) for places in self.samples.by_problem.values()]
        fewer = [count for count in counts if count < n]
        if not fewer:
            return ""
        least, most = min(counts), max(counts)
        held = f"{least}" if least == most else f"{least} to {most}"
        return (
            f"up to {n} draws are asked for and {held} were recorded per problem: {len(fewer)} of"
            f" {len(counts)} problems are short of draws, {sum(n - count for count in fewer)} in"
            " all, which are missing where they are asked for and not made up"
        )

    @cached_property
    def cautions(self) -> tuple[str, ...]:
        """What is missing from the record, as sentences."""
        rows = [row for row in self.samples.rows if not row.failed]
        of, name = f"of {len(self.samples.rows)} recorded draws", self.model.name
        references = {(row.problem_id, row.reference) for row in rows if row.reference is not None}
        several = len(references) - len({problem_id for problem_id, _ in references})
        counted = {
            f"{of} failed; they are failed draws, not wrong answers": len(self.samples.rows)
            - len(rows),
            f"{of} have neither text nor answer: their recorded verdicts grade them, and they"
            " cannot vote": sum(self._told(row) == "nowhere" for row in rows),
            f"{of} have no verdict and are not graded": sum(
                row.correct is None for row in rows if self._graded
            ),
            f"{of} have no token count of their own; theirs is estimated, at"
            f" {self.tokens.bytes_per_token:.1f} bytes a token": sum(
                row.completion_tokens is None for row in rows
            ),
            "further references were recorded for the same problems: answers of such draws do not"
            " mean the same, so votes over them say little": several,
        }
        return tuple(f"{name}: {count} {what}." for what, count in counted.items() if count)

    # Draws

    async def generate(
        self, request: GenerateRequest, meter: Meter, listener: TextListener | None = None
    ) -> GenerateReply:
        """Look the draws up; raises `BadRequest` for a prefix or a draw that was not recorded."""
        if request.prefix:
            raise BadRequest("Recorded samples are whole; they cannot continue a text.")
        problem_id = self.samples.problem_of(request.messages, request.problem_id)
        indices = request.indices or tuple(range(len(request.seeds)))
        places = [self.samples.place(problem_id, at, request.replicate) for at in indices]
        drawn = tuple(self._draw(place, request.sampling.max_tokens) for place in places)
        rows = [self.samples.rows[at] for at in places if not self.samples.rows[at].failed]
        prompts = [self.tokens.prompt(row, request.messages) for row in rows]
        meter.usage = usage = Usage(
            calls=1,
            prompt_tokens=max((prompt.number for prompt in prompts), default=0),
            completion_tokens=sum(draw.completion_tokens for draw in drawn if draw),
            reasoning_tokens=sum(draw.reasoning_tokens for draw in drawn if draw),
            nanodollars=None,
            flops=None,
            gpu_microseconds=None,
        )
        for position, draw in enumerate(drawn):
            if listener and draw:
                listener(position, draw.text)
        guessed = [prompt.estimated for prompt in prompts]
        guessed += [draw.estimated for draw in drawn if draw]
        return GenerateReply(completions=drawn, usage=usage, estimated=any(guessed), absent=_FAILED)

    async def close(self) -> None:
        return None

    def _draw(self, place: int, most: int) -> Completion | None:
        """A recorded draw; None where the call failed.

        Where only the answer was recorded it stands boxed in the place of the text.
        """
        row = self.samples.rows[place]
        if row.failed:
            return None
        tokens, text = self.tokens.completion(row), row.completion
        if tokens.number > most:
            return Completion(
                text=text[: len(text) * most // tokens.number] if text else "",
                finish_reason="length",
                completion_tokens=most,
                reasoning_tokens=min(most, row.reasoning_tokens or 0),
                estimated=tokens.estimated,
            )
        if text is None:
            text = "" if row.answer is None else f"\\boxed{{{row.answer}}}"
        told = self._told(row)
        return Completion(
            text=text,
            finish_reason=row.finish_reason,
            completion_tokens=tokens.number,
            reasoning_tokens=min(tokens.number, row.reasoning_tokens or 0),
            estimated=tokens.estimated,
            recorded=Recording(model=self.model.name, row=place, answer=row.answer, told=told),
        )

    def _told(self, row: SampleRow) -> Literal["row", "text", "nowhere"]:
        """Where the answer of a draw stands."""
        if row.answer is not None or self._none_means_none:
            return "row"
        return "text" if row.completion else "nowhere"

    # Verdicts

    def verdict(
        self, problem: Problem, chosen: Candidate | None, seen: Sequence[Candidate]
    ) -> RecordedVerdict | None:
        """What was recorded of a run's answer; None where it has to be compared.

        A verdict counts for the reference that it was given by: where the problem has come with
        another one, its answer is compared.
        """
        if chosen is None:
            mute = [one for one in seen if one.recorded and one.recorded.told == "nowhere"]
            return "unknown" if mute or not seen else None
        recorded = chosen.recorded
        if recorded is None or recorded.model != self.model.name:
            return None
        row = self.samples.rows[recorded.row]
        if chosen.answer is not None and self._other_reference(problem, row):
            return None
        if row.correct is None:
            return "unknown" if self._graded else None
        return "right" if row.correct else "wrong"

    def _other_reference(self, problem: Problem, row: SampleRow) -> bool:
        same = (self.samples.rows[at].reference for at in self.samples.by_problem[row.problem_id])
        known = {reference for reference in same if reference is not None}
        return problem.answer is not None and bool(known) and problem.answer not in known

    @cached_property
    def _graded(self) -> bool:
        return any(row.correct is not None for row in self.samples.rows)

    @cached_property
    def _none_means_none(self) -> bool:
        """Whether a draw without a recorded answer gave none, rather than one that nobody noted.

        So it is where answers and verdicts were recorded and no right draw lacks its answer.
        """
        rows = self.samples.rows
        answered = any(row.answer is not None for row in rows)
        return answered and self._graded and not any(r.correct and r.answer is None for r in rows)


def _digest(rows: Sequence[SampleRow]) -> str:
    """What was recorded, in short: other samples under one name are another model to the ledger."""
    digest = blake2b(digest_size=6)
    for row in rows:
        digest.update(msgspec.json.encode({name: getattr(row, name) for name in _TELLING}))
    return digest.hexdigest()


class Tokens(NamedTuple):
    """How many, and whether that was estimated."""

    number: int
    estimated: bool


class TokenCounts:
    """Counts as recorded, zeros included. What is missing is estimated and said to be: prompts by
    another draw of the same problem, texts by the model's own bytes per token, and draws without
    a text by the mean of those that have a count."""

    def __init__(self, rows: Sequence[SampleRow]) -> None:
        self.bytes_per_token = _learnt(rows) or BYTES_PER_TOKEN
        counts = [row.completion_tokens for row in rows if row.completion_tokens is not None]
        self._mean = round(sum(counts) / len(counts)) if counts else 0
        self._prompts: dict[str, int] = {}
        for row in rows:
            if row.prompt_tokens is not None:
                known = self._prompts.get(row.problem_id, 0)
                self._prompts[row.problem_id] = max(known, row.prompt_tokens)

    def prompt(self, row: SampleRow, asked: Sequence[Message]) -> Tokens:
        """Tokens of the prompt that a draw answered."""
        if row.prompt_tokens is not None:
            return Tokens(row.prompt_tokens, False)
        return Tokens(self.most_prompt(row.problem_id, asked), True)

    def most_prompt(self, problem_id: str, asked: Sequence[Message]) -> int:
        """The largest count of a problem's prompt."""
        recorded = self._prompts.get(problem_id)
        return self.messages(asked) if recorded is None else recorded

    def completion(self, row: SampleRow) -> Tokens:
        """Tokens billed for a draw, thoughts included."""
        if row.completion_tokens is not None:
            return Tokens(row.completion_tokens, False)
        if row.shared_tokens is not None:
            return Tokens(max(1, round(row.shared_tokens)), True)
        if row.completion:
            return Tokens(self.text(row.completion), True)
        return Tokens(self._mean or self.text(row.answer or ""), True)

    def messages(self, asked: Iterable[Message]) -> int:
        """Estimated tokens of a conversation."""
        return sum(self.text(turn.content) for turn in asked)

    def text(self, text: str) -> int:
        """Estimated tokens of a text."""
        return max(1, ceil(len(text.encode("utf-8", "replace")) / self.bytes_per_token))


def _learnt(rows: Sequence[SampleRow]) -> float | None:
    """Bytes per token of the rows with a text and its own count; None where there are none."""
    size, count = 0, 0.0
    for row in rows:
        tokens = row.shared_tokens if row.completion_tokens is None else row.completion_tokens
        if row.completion and tokens and not row.reasoning_tokens:
            size += len(row.completion.encode("utf-8", "replace"))
            count += tokens
    return size / count if count else None
