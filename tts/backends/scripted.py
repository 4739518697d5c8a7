"""A model and a step scorer that say what they are told to say."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from tts.errors import BadRequest, CallError
from tts.protocols import (
    GenerateReply,
    GenerateRequest,
    Meter,
    StepScoreReply,
    StepScoreRequest,
    TextListener,
    charged,
)
from tts.values import Capabilities, Completion, Message, Model, Usage

Line = str | Completion | CallError | None
"""A text, a whole completion, an error to raise, or a missing choice."""

Script = Callable[[Sequence[Message], str, int], Line]
"""(messages, prefix, draw index) to what is said."""

StepRule = Callable[[Sequence[Message], Sequence[str], int], float]
"""(question, steps, place of the step) to the probability that the step is right."""


class ScriptedGenerator:
    """Answers from a list (by draw index), a dict (by last user turn) or a function.

    Tokens are words. Scripted texts are cut at `max_tokens` and after the first stop string, as a
    server would. A list's or dict's end is a `BadRequest`. `requests` keeps what was asked, further
    fields included.
    """

    takes_fields = True

    def __init__(
        self,
        script: Sequence[Line] | Mapping[str, Line | Sequence[Line]] | Script,
        *,
        model: Model | None = None,
        capabilities: Capabilities | None = None,
    ) -> None:
        self._script: Script = script if callable(script) else _listed(script)
        self._model = model or Model(name="scripted", parameters=0)
        self._capabilities = capabilities or Capabilities(
            n=True, prefill=True, seed=True, keeps_stop=True
        )
        self.requests: list[GenerateRequest] = []

    @property
    def model(self) -> Model:
        return self._model

    @property
    def capabilities(self) -> Capabilities:
        return self._capabilities

    def count_prompt(self, messages: Sequence[Message], prefix: str) -> int:
        """Words of all turns and the prefix, and one for the assistant's turn."""
        return prompt_words(messages, prefix)

    async def generate(
        self, request: GenerateRequest, meter: Meter, listener: TextListener | None = None
    ) -> GenerateReply:
        """Say the lines of the request's draws; an error among them is raised."""
        self.requests.append(request)
        lines = [
            self._script(request.messages, request.prefix, index) for index in self.numbers(request)
        ]
        for line in lines:
            if isinstance(line, CallError):
                raise line
        drawn = tuple(_completion(line, request) for line in lines)
        for position, draw in enumerate(drawn):
            if listener and draw:
                listener(position, draw.text)
        meter.usage = self._usage(request, drawn)
        return GenerateReply(completions=drawn, usage=meter.usage)

    def numbers(self, request: GenerateRequest) -> Sequence[int]:
        """Which of a prompt's draws each one is."""
        return request.indices or tuple(range(len(request.seeds)))

    async def close(self) -> None:
        return None

    def _usage(self, request: GenerateRequest, drawn: Sequence[Completion | None]) -> Usage:
        return Usage(
            calls=1,
            prompt_tokens=self.count_prompt(request.messages, request.prefix),
            completion_tokens=sum(draw.completion_tokens for draw in drawn if draw),
            reasoning_tokens=sum(draw.reasoning_tokens for draw in drawn if draw),
            gpu_microseconds=None,
        )


def _listed(script: Sequence[Line] | Mapping[str, Line | Sequence[Line]]) -> Script:
    def say(messages: Sequence[Message], prefix: str, index: int) -> Line:
        lines: Line | Sequence[Line]
        if isinstance(script, Mapping):
            asked = messages[-1].content
            if asked not in script:
                raise BadRequest(f"Nothing is scripted for {asked[:80]!r}.")
            lines = script[asked]
        else:
            lines = script
        if lines is None or isinstance(lines, str | Completion | CallError):
            return lines
        if index >= len(lines):
            raise BadRequest(f"Draw {index + 1} was asked for and {len(lines)} are scripted.")
        return lines[index]

    return say


def _completion(line: Line, request: GenerateRequest) -> Completion | None:
    if not isinstance(line, str):
        return line if isinstance(line, Completion) else None
    return cut(line, request.sampling.stop, request.sampling.max_tokens)


class ScriptedScorer:
    """Scores each step by a dict (by the step's text, else `default`) or by a function."""

    def __init__(
        self,
        rule: Mapping[str, float] | StepRule,
        *,
        default: float = 0.5,
        model: Model | None = None,
    ) -> None:
        self._rule: StepRule = rule if callable(rule) else _by_text(rule, default)
        self._model = model or Model(name="scripted-scorer", parameters=0)
        self.requests: list[StepScoreRequest] = []

    @property
    def model(self) -> Model:
        return self._model

    def count(self, messages: Sequence[Message], steps: Sequence[str]) -> int:
        """Words of the question and the steps, and one marker per step."""
        return steps_words(messages, steps)

    async def score_steps(self, request: StepScoreRequest, meter: Meter) -> StepScoreReply:
        self.requests.append(request)
        scores = tuple(
            self._rule(request.messages, request.steps, place)
            for place in range(len(request.steps))
        )
        tokens = self.count(request.messages, request.steps)
        meter.usage = charged(self.model, tokens)
        return StepScoreReply(scores=scores, usage=meter.usage)

    async def close(self) -> None:
        return None


def _by_text(known: Mapping[str, float], default: float) -> StepRule:
    return lambda _, steps, place: known.get(steps[place], default)


def cut(text: str, stops: Sequence[str], max_tokens: int) -> Completion:
    """A text as a server would end it: after its first stop string, at most `max_tokens` words."""
    found = [(place, stop) for stop in stops if (place := text.find(stop)) >= 0]
    place, stop = min(found, default=(len(text), None))
    ended = text[: place + len(stop or "")]
    count = _words(ended)
    if count <= max_tokens:
        return Completion(
            text=ended, finish_reason="stop", stop=stop, completion_tokens=max(1, count)
        )
    kept = " ".join(ended.split()[:max_tokens])
    return Completion(text=kept, finish_reason="length", completion_tokens=max_tokens)


def prompt_words(messages: Sequence[Message], prefix: str) -> int:
    """Words of all turns and the prefix, and one for the assistant's turn."""
    return sum(_words(turn.content) for turn in messages) + _words(prefix) + 1


def steps_words(messages: Sequence[Message], steps: Sequence[str]) -> int:
    """Words of the question and the steps, and one marker per step."""
    return sum(map(_words, [*(turn.content for turn in messages), *steps])) + len(steps)


def _words(text: str) -> int:
    return len(text.split())
