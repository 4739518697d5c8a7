"""Hops as a graph: sub-questions that need nothing go at once, others once their slots are filled."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from math import prod
from typing import Literal, get_args

from msgspec import Struct
from msgspec.structs import replace

from tts.answers import normalised
from tts.run import Node, Outcome, Run
from tts.strategies.base import at_least
from tts.strategies.parts.conversation import ended, remark, said
from tts.strategies.parts.select import most_weighted
from tts.strategies.retrieval.base import (
    AnswerCall,
    Documents,
    Reading,
    read,
    retrieved,
    stopping,
)
from tts.strategies.retrieval.decompose import SubQuestion, by_rules, read_sub_questions
from tts.strategies.retrieval.iterdrag import hop_lines
from tts.strategies.retrieval.prompts import ANSWER, KNOW, READ, answer_of, block, prompt
from tts.values import Candidate, Hop, Message, Problem, Score, Scored

Decomposer = Literal["model", "rules"]
SPLIT = (
    "Split the question into the simple questions that it is made of, one a line, numbered from 1, "
    "each about one fact that can be looked up. Where one needs the answer to an earlier one, write "
    "#1, #2 and so on in its place. Questions that need no other come first. Write nothing else.\n\n"
    "Question: Who is older, the director of Blue Mill or Aino Salo?\n"
    "1. Who directed Blue Mill?\n2. When was #1 born?\n3. When was Aino Salo born?"
)


UNKNOWN = "unknown"


class Answers(Struct, frozen=True):
    """One way in which sub-questions may be answered, by their places."""

    said: dict[int, str]
    shares: dict[int, float]
    """Of the draws of each sub-question, those that said so."""
    read: Documents = ()
    """What these answers were read from, each document once, the newest first."""

    @property
    def chance(self) -> float:
        return prod(self.shares.values())

    def agrees(self, other: Answers) -> bool:
        return all(self.said[place] == other.said[place] for place in self.said.keys() & other.said)

    def beside(self, other: Answers) -> Answers:
        """Both together."""
        documents = {one.id: one for one in (*other.read, *self.read)}
        said, shares = self.said | other.said, self.shares | other.shares
        return Answers(said, shares, tuple(documents.values()))


NOTHING_SAID = Answers({}, {})


def joint(hops: Sequence[Sequence[Answers]], beam: int) -> list[Answers]:
    """The likeliest `beam` ways to take one answer of each hop, so that those who rest on one hop
    rest on the same answer to it; the first of each where no two agree."""
    ways = [NOTHING_SAID]
    for offered in hops:
        pairs = [(way, one) for way in ways for one in offered if way.agrees(one)]
        pairs = pairs or [(ways[0], one) for one in offered[:1]] or [(ways[0], NOTHING_SAID)]
        ways = likeliest([way.beside(one) for way, one in pairs], beam)
    return ways


def likeliest(ways: Sequence[Answers], beam: int) -> list[Answers]:
    return sorted(ways, key=lambda way: -way.chance)[:beam]


class HopGraph(Reading):
    """Split the question, answer its parts as a graph, then the question from all of them.

    Sub-questions that need nothing are retrieved for and answered at once; one with a slot (`#1`)
    goes as soon as the answers that it needs are there, whatever else is under way. With `beam` above 1
    each is answered `draws` times, its most frequent answers are carried on, each with the share of
    its draws, and the last answers vote by the chances of the hops that they rest on. `rules` splits
    without a model, for one call less and no demonstration of the form; what it does not understand
    it leaves whole.
    """

    name = "hop_graph"

    k: int = 5
    """Documents of each sub-question."""
    n: int = 4
    """Sub-questions, at most."""
    beam: int = 1
    """Ways of answering the hops that are carried on."""
    draws: int = 3
    """Of each sub-question, with a beam above 1."""
    decomposer: Decomposer = "model"

    def check(self) -> None:
        super().check()
        at_least(0, k=self.k)
        at_least(1, n=self.n, beam=self.beam, draws=self.draws)
        if self.decomposer not in get_args(Decomposer):
            raise ValueError(f"decomposer is model or rules, not {self.decomposer!r}.")

    async def solve(self, problem: Problem, run: Run) -> Candidate | None:
        parts = await self._split(problem, run)
        if len(parts) == 1:
            read = await retrieved(run, problem.prompt, self.k)
            return await self._answer(problem, parts, [Answers({}, {}, read)], run)
        hops: list[Node[list[Answers]]] = []
        for place, part in enumerate(parts):
            needed = [hops[need] for need in part.needs]
            hops.append(run.spawn(self._hop, place, part, needed))
        known: list[list[Answers]] = await run.call(what_is_known, hops)
        return await self._answer(problem, parts, joint(known, self.beam), run)

    async def _split(self, problem: Problem, run: Run) -> tuple[SubQuestion, ...]:
        """The sub-questions; the question alone where nothing can be read of it."""
        if self.decomposer == "rules":
            return by_rules(problem.prompt, self.n)
        asked = (Message("system", SPLIT), Message("user", f"Question: {problem.prompt.strip()}"))
        reply = remark(run, asked, of=f"{self.name}/split", role="plan", temperature=0.0)
        parts = read_sub_questions(await said(run, reply) or "", self.n)
        return parts or (SubQuestion(problem.prompt),)

    async def _hop(
        self, place: int, part: SubQuestion, needed: list[Outcome[list[Answers]]], *, run: Run
    ) -> list[Answers]:
        """The likeliest answers to a sub-question, each with what it rests on."""
        ways = joint([one.value or [] for one in map(ended, needed)], self.beam)
        asked = [part.filled(way.said) for way in ways]
        found = await read(run, [run.retrieve(text, self.k) if self.k else () for text in asked])
        drawn = [
            self._draw(text, documents, run) for text, documents in zip(asked, found, strict=True)
        ]
        told: list[Answers] = []
        for way, documents, draws in zip(ways, found, drawn, strict=True):
            replies = [answer_of(text) or UNKNOWN for text in await run.all(draws)]
            own = shares_of(replies or [UNKNOWN])
            told += [way.beside(Answers({place: a}, {place: p}, documents)) for a, p in own.items()]
        return likeliest(told, self.beam)

    def _draw(self, question: str, documents: Documents, run: Run) -> list[Node[str]]:
        """The draws that answer a sub-question: one, greedily, where nothing else is carried on."""
        messages = prompt(READ if documents else KNOW, [], block(documents, question, ANSWER))
        heat, n = (run.sampling.temperature, self.draws) if self.beam > 1 else (0.0, 1)
        stop = stopping(run, run.sampling, "\nQuestion:", "\nDocuments:").stop
        return [
            remark(run, messages, of=f"{self.name}/hop", role="sample", temperature=heat, stop=stop)
            for _ in range(n)
        ]

    async def _answer(
        self, problem: Problem, parts: Sequence[SubQuestion], ways: list[Answers], run: Run
    ) -> Candidate | None:
        """The answer that most chances stand behind."""
        sampling = replace(run.sampling, temperature=self.draws_at(run.sampling.temperature))
        sampling = stopping(run, sampling, "\nQuestion:", "\nDocuments:")
        operation = AnswerCall(run, of=self.name)
        judged: list[Node[Scored]] = []
        for way in ways:
            messages = concluding(problem, parts, way)
            draws = [run.call(operation, messages, sampling, "end") for _ in range(self.samples)]
            judged += [run.call(Scored, draw, Score(value=way.chance)) for draw in draws]
        answer: Candidate | None = await run.call(most_weighted, await run.all(judged), run)
        return answer


async def what_is_known(hops: list[Outcome[list[Answers]]]) -> list[list[Answers]]:
    """The answers of each hop; none of one that the budget had no room for."""
    return [one.value or [] for one in map(ended, hops)]


def shares_of(replies: Sequence[str]) -> dict[str, float]:
    """Answers with their shares of the draws, the most frequent first; equal words are one answer,
    in the form in which it came first."""
    words = [normalised(one) or one for one in replies]
    first = dict(zip(reversed(words), reversed(replies), strict=True))
    return {first[word]: n / len(words) for word, n in Counter(words).most_common()}


def concluding(problem: Problem, parts: Sequence[SubQuestion], way: Answers) -> tuple[Message, ...]:
    """The question behind its documents and its answered sub-questions."""
    asked = [(place, parts[place].filled(way.said)) for place in sorted(way.said)]
    lines = [line for place, text in asked for line in hop_lines(Hop(text, way.said[place]))]
    instruction = READ if way.read else KNOW
    return prompt(instruction, [], block(way.read, problem.prompt, *lines, ANSWER))
