"""The operation behind `run.sample`: one draw of a whole solution or of its next step."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Literal, cast

import msgspec
from msgspec.structs import replace

from tts.answers import Task
from tts.protocols import Draw, Generator, Prefix, RecordedGenerator
from tts.run.generator_call import GeneratorCall, Prompt, offers
from tts.values import ENDED, Candidate, Completion, Message, Problem, Sampling, ToolCall

Until = Literal["end", "step", "answer"]
"""The whole solution, its next step, or just the answer that a partial one is forced to."""
PRETENDED_END = 8
"""Tokens that the end of a pretended text may take."""

Source = Problem | Candidate | Sequence[Message]


class Generation(GeneratorCall):
    """Draws candidates of one problem from one generator.

    Arguments of a call: (source, sampling, until). A Problem is rendered by the task's template,
    messages are sent as they are, a Candidate is continued.
    """

    def __init__(
        self,
        generator: Generator,
        *,
        task: Task,
        problem: Problem,
        replicate: int = 0,
        ends: Sequence[str] = (),
    ) -> None:
        """`ends`: stop strings of whoever asks, at which a draw is whole; a strategy's own are none
        of them."""
        self.task, self.problem, self.replicate = task, problem, replicate
        self._ends = tuple(ends)
        recorded = offers(generator, RecordedGenerator)
        self.recorded = cast("RecordedGenerator", generator) if recorded else None
        self._prompt = task.render(problem)
        super().__init__(
            generator,
            name=f"sample/{task.name}",
            version=task.version,
            role="sample",
            coalesce=generator.capabilities.coalesce,
            shortens=True,
            fields=problem.conversation.fields if problem.conversation else {},
        )

    @property
    def _fields(self) -> tuple[Any, ...]:
        return (self.fields,) if self.fields else ()

    @property
    def closes(self) -> bool:
        """Whether one more draw may be had at the end: none was recorded beforehand, and an agent's
        last word cannot be forced."""
        return self.recorded is None and self.reporting is None

    @property
    def continues(self) -> bool:
        """Whether the model takes up a partial answer where it stops."""
        return self.generator.capabilities.prefill

    def messages(self, source: Source) -> tuple[Message, ...]:
        """The conversation that a source is drawn from."""
        if isinstance(source, Candidate):
            return source.messages or self._prompt
        return self._prompt if isinstance(source, Problem) else tuple(source)

    def identity(self, args: tuple[Any, ...]) -> Any:
        source, sampling, until = args
        if self.recorded or self.reporting:
            sampling = Sampling(max_tokens=sampling.max_tokens)
        if isinstance(source, Candidate):
            drawn = source.key or (self.messages(source), source.text)
            return (self.problem.id, "continue", drawn, sampling, until, *self._fields)
        return (self.problem.id, "start", self.messages(source), sampling, until, *self._fields)

    def stochastic(self, args: tuple[Any, ...]) -> bool:
        return self.recorded is not None or super().stochastic(args)

    def most_tokens(self, args: tuple[Any, ...]) -> int:
        """What is asked for, or less where every draw is known."""
        asked: int = args[1].max_tokens
        return min(asked, self.recorded.most_tokens(self.problem)) if self.recorded else asked

    def kind(self, args: tuple[Any, ...]) -> str | None:
        """Solutions and steps of this task by this model; a forced answer is never shortened."""
        until: Until = args[2]
        return None if until == "answer" else f"{self.spec.name} {self.spec.model} {until}"

    def shortened(self, args: tuple[Any, ...], tokens: int) -> tuple[Any, ...]:
        source, sampling, until = args
        return source, replace(sampling, max_tokens=tokens), until

    def was_cut(self, content: Any) -> bool:
        return bool(content.finish_reason == "length")

    def length_of(self, content: Any) -> int:
        return int(content.completion_tokens)

    def prompt(self, args: tuple[Any, ...]) -> Prompt:
        source = args[0]
        return self.messages(source), source.text if isinstance(source, Candidate) else ""

    def foreseen(self, args: tuple[Any, ...]) -> Prompt:
        return self._prompt, ""

    def prefixes(self, args: tuple[Any, ...]) -> Iterator[Prefix]:
        """A draw that is continued was computed with it; of an edited one what was drawn of it."""
        source = args[0]
        if not isinstance(source, Candidate):
            yield from super().prefixes(args)
        elif source.key:
            yield None, int
        else:
            messages, text = self.prompt(args)
            yield self._read(messages, text)
            mark, count = self._read(messages)
            drawn = source.completion_tokens
            yield None if drawn else mark, lambda: count() + drawn

    def sampling_of(self, args: tuple[Any, ...]) -> Sampling:
        sampling: Sampling = args[1]
        if args[2] == "end":
            return sampling
        return replace(sampling, stop=(*sampling.stop, self.task.step_separator))

    def about(self, args: tuple[Any, ...]) -> str:
        return self.problem.id if isinstance(args[0], Problem) else ""

    def length(self, text: str) -> int:
        """Tokens that a text adds to a prompt, at most."""
        count = self.generator.count_prompt
        return count(self._prompt, text) - count(self._prompt, "") + 1

    def value(self, args: tuple[Any, ...], content: Any, key: str) -> Candidate:
        source, _, until = args
        parent = source if isinstance(source, Candidate) else None
        text = (parent.text if parent else "") + content.text
        said = text
        if parent is not None and until == "answer":
            said = self._forced(parent.text) + content.text
        answer = called(content.tool_calls) or self._answer(content, said)
        final = answer is not None if until == "answer" else self._is_final(content, text, until)
        answer = answer if final else None
        if until == "step" and not final and content.finish_reason in ENDED:
            text = self._separated(text)
        return Candidate(
            problem=self.problem,
            text=text,
            key=key,
            parent=parent,
            messages=self._given(source),
            final=final,
            answer=answer,
            finish_reason=content.finish_reason,
            completion_tokens=(parent.completion_tokens if parent else 0)
            + content.completion_tokens,
            mean_logprob=mean_logprob(content),
            confidences=confidences(content),
            tool_calls=content.tool_calls,
            recorded=content.recorded,
        )

    def pretend(self, args: tuple[Any, ...], draw: Draw) -> Any:
        until, most = args[2], self.most_tokens(args)
        room = max(1, most - PRETENDED_END)
        text = f"9{self.task.step_separator}" * (room // 2)
        if until == "step":
            text = f"{draw.index} " + "9 " * (most - 1)
        ended = until != "step"
        answer = f"\\boxed{{{draw.seed}}}" if ended else self.task.step_separator
        return Completion(
            text=text + answer,
            finish_reason="stop",
            stop=None if ended else self.task.step_separator,
            completion_tokens=most,
        )

    def _answer(self, content: Completion, text: str) -> str | None:
        """As it was recorded, where it was; otherwise read from the text."""
        recorded = content.recorded
        if recorded is not None and recorded.told != "text":
            return recorded.answer
        if content.stop in self._ends:
            # the string that ends a draw is no part of its answer, but for one that closes a mark
            before = self.task.extract(text.removesuffix(content.stop))
            return self.task.extract(text) if before is None else before
        return self.task.extract(text)

    def _forced(self, before: str) -> str:
        """What a forced answer is read from: not the thoughts before it, ended or not."""
        forced = self.task.forced_answer
        return forced if before.endswith(forced) else before

    def _is_final(self, content: Completion, text: str, until: Until) -> bool:
        if content.tool_calls:
            return True
        if content.finish_reason not in ENDED:
            return False
        if content.stop in self._ends:
            return True
        if content.stop is None and (until == "end" or self.generator.capabilities.keeps_stop):
            return True
        said_nothing = until == "step" and not content.text.strip()
        return said_nothing or self.task.ends_with_answer(text)

    def _separated(self, text: str) -> str:
        separator = self.task.step_separator
        return text if text.endswith(separator) else text + separator

    def _given(self, source: Source) -> tuple[Message, ...]:
        if isinstance(source, Candidate):
            return source.messages
        return () if isinstance(source, Problem) else tuple(source)


def called(calls: Sequence[ToolCall]) -> str | None:
    """What a model wants to be called, in one wording for equal calls; None: nothing.

    The order of arguments and white space do not count, nor does the name of a call.
    """
    if not calls:
        return None
    return msgspec.json.encode([_worded(call) for call in calls], order="sorted").decode()


def _worded(call: ToolCall) -> dict[str, Any]:
    told = call.function.arguments
    try:
        arguments = msgspec.json.decode(told) if told.strip() else {}
    except msgspec.DecodeError:
        arguments = told
    return {"name": call.function.name, "arguments": arguments}


def confidences(completion: Completion) -> tuple[float, ...]:
    """The confidence of each token; none at all where that of one is not reported."""
    found = [token.confidence for token in completion.logprobs]
    known = tuple(value for value in found if value is not None)
    return known if len(known) == len(found) else ()


def mean_logprob(completion: Completion) -> float | None:
    """Mean log-probability of a completion's tokens, None where it is not reported."""
    values = [token.logprob for token in completion.logprobs]
    return sum(values) / len(values) if values else None
