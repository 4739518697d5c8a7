"""One question to a model about candidates: how it is put, priced, read, and put once more."""

from __future__ import annotations

import re
import string
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import takewhile
from math import exp
from typing import Any, Protocol

from msgspec import Struct
from msgspec.structs import replace

from tts.answers.fence import fenced
from tts.answers.verdict import polarity, settled
from tts.errors import BadReply, BudgetExhausted, Stopped
from tts.protocols import Draw, Generator, Prefix
from tts.run import GeneratorCall, Node, Outcome, Prompt, Run
from tts.values import Candidate, Completion, Message, Problem, Sampling, TokenLogprob
from tts.verifiers.reward import foreseen_problem

SHORTEST_TOKEN = 3
"""Bytes of prose per token, at least."""

Subject = Candidate | Sequence[Candidate]
"""What a judge is asked about: one candidate, or several of one problem."""


class Wording(Protocol):
    """How a question is put, and how its answer is read."""

    @property
    def name(self) -> str: ...

    @property
    def version(self) -> str:
        """Changed with the words: part of every call's key."""
        ...

    @property
    def again(self) -> str:
        """What is asked for once more where the first answer cannot be read."""
        ...

    def messages(self, problem: Problem, texts: Sequence[str]) -> tuple[Message, ...]:
        """The question about one text or several, each of them fenced (`tts/answers/fence.py`)."""
        ...

    def read(self, completion: Completion, texts: int) -> Any:
        """The verdict; raises BadReply where the answer holds none."""
        ...

    def pretended(self, texts: int) -> str:
        """An answer that `read` accepts, for dry runs."""
        ...


class Heard(Struct, frozen=True):
    """A judge's answer: its verdict, or why it holds none."""

    verdict: Any
    """None where the answer cannot be read."""
    text: str = ""
    """The unreadable answer, for the question that is put again."""
    fault: str = ""


MOST_TOKENS = 1024
"""Of a written check with its verdict, where the model's context has room for it."""


def room_for(generator: Generator) -> int:
    """The most tokens of a verdict: half of a short context is left to what is judged."""
    context = generator.model.context_length
    return min(MOST_TOKENS, context // 2) if context else MOST_TOKENS


class JudgeCall(GeneratorCall):
    """What questions to a judging generator share: how they are named, drawn and charged."""

    def __init__(
        self, generator: Generator, *, name: str, version: str, sampling: Sampling
    ) -> None:
        """`sampling`: log-probabilities are left out where the generator reports none."""
        super().__init__(generator, name=f"judge/{name}", version=version, role="judge")
        can = generator.capabilities.logprobs
        self.sampling = sampling if can else replace(sampling, logprobs=None)

    def sampling_of(self, args: tuple[Any, ...]) -> Sampling:
        return self.sampling

    def max_new_tokens(self, args: tuple[Any, ...]) -> int:
        return 0


class Asking(JudgeCall):
    """Puts a wording's question to a generator; the arguments of a call are the subject and, where
    the question is put again, the unreadable answer to it.

    A judge's calls stand on the graph like any other: they are priced, journalled and found again.
    """

    missing = "The judge returned fewer answers than asked for."

    def __init__(self, generator: Generator, *, wording: Wording, sampling: Sampling) -> None:
        super().__init__(generator, name=wording.name, version=wording.version, sampling=sampling)
        self.wording = wording

    def identity(self, args: tuple[Any, ...]) -> Any:
        candidates = _listed(args[0])
        texts = [one.text for one in candidates]
        return (candidates[0].problem.id, self.prompt(args)[0], texts, self.sampling)

    def prompt(self, args: tuple[Any, ...]) -> Prompt:
        candidates = _listed(args[0])
        texts = [fenced(one.text) for one in candidates]
        turns = self.wording.messages(candidates[0].problem, texts)
        return (asked_again(turns, args[1], self.wording.again) if args[1:] else turns), ""

    def foreseen(self, args: tuple[Any, ...]) -> Prompt:
        subjects = args[0] if isinstance(args[0], list | tuple) else [args[0]]
        problem = foreseen_problem(subjects[0])
        return (self.wording.messages(problem, [fenced("")] * len(subjects)) if problem else ()), ""

    def prefixes(self, args: tuple[Any, ...]) -> Iterator[Prefix]:
        """The question as far as it is the same for all that come behind the first texts, with
        every text but the last, and so on to none: a pivot's comparisons begin alike."""
        yield from super().prefixes(args)
        candidates = _listed(args[0])
        texts = [fenced(one.text) for one in candidates]
        for given in reversed(range(len(texts))):
            stem = self._stem(candidates[0].problem, texts[:given], len(texts) - given)
            mark, count = self._read(stem)
            size = sum(len(turn.content.encode("utf-8", "replace")) for turn in stem)
            yield mark, partial(_likely, count, size)

    def _stem(self, problem: Problem, given: Sequence[str], open_: int) -> tuple[Message, ...]:
        some, others = (self.wording.messages(problem, [*given, *[m] * open_]) for m in "01")
        stem: list[Message] = []
        for turn, other in zip(some, others, strict=True):
            pairs = zip(turn.content, other.content, strict=False)
            letters = takewhile(lambda pair: pair[0] == pair[1], pairs)
            stem.append(Message(turn.role, "".join(letter for letter, _ in letters)))
            if turn != other:
                break
        return tuple(stem)

    def value(self, args: tuple[Any, ...], content: Any, key: str) -> Heard:
        try:
            return Heard(self.wording.read(content, len(_listed(args[0]))))
        except BadReply as error:
            return Heard(None, settled(content), str(error))

    def pretend(self, args: tuple[Any, ...], draw: Draw) -> Any:
        """At worst the first answer cannot be read."""
        text = self.wording.pretended(len(_listed(args[0]))) if args[1:] else ""
        tokens = self.sampling.max_tokens
        return Completion(text=text, finish_reason="stop", completion_tokens=tokens)


def _likely(count: Callable[[], int], size: int) -> int:
    """Tokens of a beginning; where nobody can count them the count is a bound, one token a byte."""
    counted = count()
    return counted if counted < size else min(counted, size // SHORTEST_TOKEN)


def ask(run: Run, asking: Asking, subject: Any) -> Node[Any]:
    """The node that will hold a verdict, asked for once more where it cannot be read."""
    heard = run.call(asking, subject)
    return run.spawn(insisted, asking, subject, heard)


async def insisted(asking: Asking, subject: Any, heard: Heard, run: Run) -> Any:
    """A verdict in a child Run. Where the second question fails, or its answer cannot be read
    either, the verdict is missing: `BadReply`.

    Under a ceiling nothing is asked again: such a question has no place in the order of admission,
    so that what is refused behind it would depend on timing.
    """
    if heard.verdict is not None:
        return heard.verdict
    if run.capped:
        raise BadReply(heard.fault)
    second: Outcome[Heard] = await run.call(ended, run.call(asking, subject, heard.text))
    if second.value is not None and second.value.verdict is not None:
        return second.value.verdict
    raise BadReply(heard.fault) from second.error


def ended(outcome: Outcome[Any]) -> Outcome[Any]:
    """How a call ended, as a value; what stops the whole run is raised, a refusal does not."""
    if isinstance(outcome.error, Stopped) and not isinstance(outcome.error, BudgetExhausted):
        raise outcome.error
    return outcome


def asked_again(turns: Sequence[Message], said: str, again: str) -> tuple[Message, ...]:
    """The conversation with its unreadable answer and a stricter request behind it."""
    if said.strip():
        return (*turns, Message("assistant", said.strip()), Message("user", again))
    last = turns[-1]
    return (*turns[:-1], Message(last.role, f"{last.content}\n\n{again}"))


def _listed(subject: Subject) -> list[Candidate]:
    return [subject] if isinstance(subject, Candidate) else list(subject)


_SENTENCES = re.compile(r"[.!?\n]")
_LETTERS = string.ascii_letters + "*_`\"'$}"
_ENDS = frozenset(".,;:!)\n<")
_ASKING = re.compile(
    r"\b(?:if|whether|or|check|decide|determine|verify|see|need|let|must|should|would)\b",
    re.IGNORECASE,
)
PAIRS = (("True", "False"), ("Yes", "No"), ("Correct", "Incorrect"), ("Right", "Wrong"))
"""Words by which a model agrees or does not, whatever it was asked to say."""


def label_probability(
    completion: Completion, good: str, bad: str, *, after: str = ""
) -> float | None:
    """P(good) / (P(good) + P(bad)) where the answer names one of the two; None where it does not.

    Read behind the last `after`, at the token that begins the word. Where neither word was said
    the other pairs of such words count. An alternative that was not reported counts as the least
    likely one that was; without log-probabilities the word itself decides.
    """
    start = completion.text.rfind(after) + len(after) if after else 0
    if start < len(after):
        return None
    rest = completion.text[start:]
    if not after and "</think>" in rest:
        start += rest.rfind("</think>")
        rest = completion.text[start:]
    for pair in ((good, bad), *PAIRS):
        said = polarity(rest, pair[:1], pair[1:])
        if said is None or not _is_said(rest, said[1], cut=completion.finish_reason == "length"):
            continue
        agrees, place = said
        found = _token(completion.logprobs, start + place, pair)
        share = None if found is None else _share(found, *pair)
        word_agrees = rest[place : place + len(pair[0])].lower() == pair[0].lower()
        if share is None:
            return float(agrees)
        return share if agrees == word_agrees else 1.0 - share
    return None


def _is_said(text: str, place: int, *, cut: bool) -> bool:
    """Whether the word at a place is a verdict: it opens the reply, or ends a statement that asks
    nothing; the last word of a text that was cut may go on."""
    before = _SENTENCES.split(text[:place])[-1]
    after = text[place:].lstrip(_LETTERS)
    if not re.search(r"\w", text[:place]) or before.strip().lower() in ("not", "is not"):
        return True
    if _ASKING.search(before):
        return False
    return after[:1] in _ENDS if after.strip() else not cut


def _token(
    logprobs: Sequence[TokenLogprob], start: int, labels: Sequence[str]
) -> TokenLogprob | None:
    """The token at or behind a place in the text that begins a label."""
    position = 0
    for one in logprobs:
        position += len(one.token)
        if position > start and any(_begins(one.token, label) for label in labels):
            return one
    return None


def _share(found: TokenLogprob, good: str, bad: str) -> float:
    reported = ((found.token, found.logprob), *found.top)
    least = min(logprob for _, logprob in reported)
    yes = max((value for token, value in reported if _begins(token, good)), default=least)
    no = max((value for token, value in reported if _begins(token, bad)), default=least)
    return 1.0 / (1.0 + exp(min(700.0, no - yes)))


def _begins(token: str, label: str) -> bool:
    stripped = token.strip().lower()
    return bool(stripped) and label.lower().startswith(stripped)
