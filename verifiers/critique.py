"""GenPRM: a model that argues about every step before it judges it."""

from __future__ import annotations

import re
from collections.abc import Awaitable as Awaited
from collections.abc import Callable
from typing import Any, NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from tts.answers import Aggregate, aggregate
from tts.answers.fence import turns_broken
from tts.errors import BadReply
from tts.protocols import Draw, Generator
from tts.run import Node, Outcome, Prompt, Run
from tts.values import Candidate, Completion, Message, Sampling, Score
from tts.verifiers.asking import JudgeCall, asked_again, ended, label_probability

Execute = Callable[[str], Awaited[str]]
"""Runs a Python program in a sandbox and returns what it printed."""


class Judged(NamedTuple):
    """A critique with its verdict."""

    text: str
    score: float


class GenPRM:
    """One judgement per step, each with the earlier ones before it (Zhao et al. 2025, GenPRM).

    The model may write a Python program to check a step; with `execute` it is run and the model
    goes on with its output, without it the judgement rests on the argument alone. A step's score
    is P(Yes) at the verdict, the mean of `votes` chains; a text without a step has no verdict.
    """

    def __init__(
        self,
        generator: Generator,
        *,
        execute: Execute | None = None,
        votes: int = 1,
        max_tokens: int = 2048,
        aggregate: Aggregate = "min",
    ) -> None:
        self._generator, self._execute, self._votes = generator, execute, votes
        self._aggregate: Aggregate = aggregate
        sampling = Sampling(
            temperature=0.6, top_p=0.95, top_k=20, max_tokens=max_tokens, logprobs=20
        )
        self._critique = Critiquing(generator, sampling=sampling, checks=execute is not None)
        self.name = f"gen-prm:{generator.model.name}"

    @property
    def identity(self) -> Any:
        model = self._generator.model
        return {
            "model": model.name,
            "revision": model.revision,
            "votes": self._votes,
            "aggregate": self._aggregate,
            "executes": self._execute is not None,
        }

    def score(self, candidate: Candidate | Node[Candidate], run: Run) -> Node[Score]:
        """A child run per candidate, since only its text tells how many calls it takes."""
        return run.spawn(self._judge, candidate)

    async def close(self) -> None:
        await self._generator.close()

    async def _judge(self, candidate: Candidate, run: Run) -> Score:
        if not candidate.steps:
            raise BadReply("The text has no step that could be judged.")
        chains = [run.spawn(self._chain, candidate) for _ in range(self._votes)]
        votes = await run.all(chains)
        if not votes:
            raise votes.failed[0][1]
        steps = tuple(sum(marks) / len(votes) for marks in zip(*votes, strict=True))
        return Score(value=aggregate(steps, self._aggregate), steps=steps)

    async def _chain(self, candidate: Candidate, run: Run) -> list[float]:
        earlier: tuple[str, ...] = ()
        scores: list[float] = []
        for number in range(len(candidate.steps)):
            judged = await self._one(candidate, number, earlier, run)
            earlier = (*earlier, judged.text)
            scores.append(judged.score)
        return scores

    async def _one(
        self, candidate: Candidate, number: int, earlier: tuple[str, ...], run: Run
    ) -> Judged:
        """The judgement of one step; where it cannot be read, the verdict is asked for once more."""
        question = Question(candidate, number, earlier)
        critique: Critique = await run.call(self._critique, question)
        if critique.program is not None and self._execute is not None:
            output = await run.call(self._execute, critique.program)
            told = f"{critique.text}\n[Code Output: {output}]\n"
            question = replace(question, begun=told)
            critique = await run.call(self._critique, question)
        if critique.score is not None:
            return Judged(critique.text, critique.score)
        if run.capped:
            raise BadReply("The critique ends without a verdict.")
        unread = replace(question, begun="", unread=critique.text or "No verdict.")
        again: Outcome[Critique] = await run.call(ended, run.call(self._critique, unread))
        if again.value is None or again.value.score is None:
            raise BadReply("The critique ends without a verdict.") from again.error
        return Judged(critique.text, again.value.score)


_SYSTEM = (
    "You are a math teacher. Your task is to review and critique the paragraphs in solution "
    "step by step."
)
_PROGRAM = re.compile(r"<verify>\s*```python\n(.*?)```\s*</verify>\s*$", re.DOTALL)
_END_OF_PROGRAM = "</verify>"
_VERDICT = "\\boxed{"
_JUDGEMENT = re.compile(r".*\bjudge?ment\b[\s*_:]*", re.IGNORECASE | re.DOTALL)
_AGAIN = (
    "Is the last paragraph right? Write only the line `**Judgement**: $\\boxed{Yes}$` or "
    "`**Judgement**: $\\boxed{No}$`."
)


class Question(Struct, frozen=True):
    """Which step of a candidate, and what was said of the steps before it."""

    candidate: Candidate
    step: int
    earlier: tuple[str, ...]
    """The critiques of the earlier steps."""
    begun: str = ""
    """This step's critique so far, with a program's output at its end."""
    unread: str = ""
    """A critique without a verdict, where the verdict alone is asked for once more."""


class Critique(Struct, frozen=True):
    """What was said of a step."""

    text: str
    score: float | None
    """P(Yes) at the verdict; None while a program waits to be run, and where no verdict is read."""
    program: str | None = None
    """A Python program that the critique wants to be run before it goes on."""


class Critiquing(JudgeCall):
    """Asks about one step; the argument of a call is a `Question`."""

    missing = "The judge returned no answer."

    def __init__(self, generator: Generator, *, sampling: Sampling, checks: bool) -> None:
        chosen = replace(sampling, stop=(_END_OF_PROGRAM,)) if checks else sampling
        super().__init__(generator, name="gen-prm", version="1", sampling=chosen)
        self._checks = checks

    def identity(self, args: tuple[Any, ...]) -> Any:
        return (self.messages(args[0]), args[0].begun, self.sampling)

    def prompt(self, args: tuple[Any, ...]) -> Prompt:
        return self.messages(args[0]), args[0].begun

    def sampling_of(self, args: tuple[Any, ...]) -> Sampling:
        """A program is asked for once; behind its output only the verdict is wanted."""
        return replace(self.sampling, stop=()) if args[0].begun else self.sampling

    def value(self, args: tuple[Any, ...], content: Any, key: str) -> Critique:
        question: Question = args[0]
        text = question.begun + content.text
        program = _PROGRAM.search(text) if self._checks and not question.begun else None
        if program is not None:
            return Critique(text, None, program.group(1))
        return Critique(text, _belief(content))

    def pretend(self, args: tuple[Any, ...], draw: Draw) -> Any:
        """At worst the first critique ends without a verdict."""
        tokens = self.sampling.max_tokens
        text = "<output>**Judgement**: $\\boxed{Yes}$</output>" if args[0].unread else ""
        return Completion(text=text, finish_reason="stop", completion_tokens=tokens)

    def messages(self, question: Question) -> tuple[Message, ...]:
        """One user turn per step, the problem before the first, each critique its answer.

        The model was trained on bare steps, so none is fenced; a step can end no turn.
        """
        steps = question.candidate.steps
        turns = [Message("system", _SYSTEM)]
        for number in range(question.step + 1):
            prompt = question.candidate.problem.prompt
            head = "" if number else f"Question: {prompt}\n\n"
            turns.append(Message("user", head + turns_broken(steps[number])))
            if number < question.step:
                turns.append(Message("assistant", question.earlier[number]))
        return asked_again(turns, question.unread, _AGAIN) if question.unread else tuple(turns)


def _belief(content: Completion) -> float | None:
    """P(Yes) at the last box, else at the word behind the last `Judgement`; None where neither is."""
    score = label_probability(content, "Yes", "No", after=_VERDICT)
    named = _JUDGEMENT.match(content.text)
    if score is not None or named is None:
        return score
    return label_probability(content, "Yes", "No", after=named[0])
