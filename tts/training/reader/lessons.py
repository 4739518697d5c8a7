"""What the reader is trained on: conversations of the strategies, over worlds of their own.

The prompts are written by the functions of `tts.strategies.retrieval`, so the reader sees in use
what it was taught. A lesson of many questions about the same documents is no prompt of any strategy;
it is there because each of its answers teaches.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

from tts.facts.language import RELATIONS, Pair, statement
from tts.facts.problem import Chain, name
from tts.facts.world import World, world
from tts.strategies.retrieval.iterdrag import ASK, hop_lines
from tts.strategies.retrieval.prompts import ANSWER, READ, block, prompt
from tts.strategies.retrieval.self_ask import PREFIXES, Line
from tts.values import Document, Hop, Message

TWO_HOPS = 0.6
"""How often a question has two."""
SHUFFLED = 0.8
"""How often documents stand in any order, and not with those that are needed at the end."""
UNFOUND = 0.25
"""How often a demonstration's documents lack what its last hop needs, as those that the question
alone finds do."""
PEOPLE = (6, 24)
"""Of a world, fewest and most."""


@dataclass(frozen=True, slots=True)
class Lesson:
    """A conversation and what is said next in it."""

    messages: tuple[Message, ...]
    reply: str


@dataclass(frozen=True, slots=True)
class Size:
    """Of a lesson."""

    documents: int
    """Beside those that are needed, at most."""
    questions: int
    """About the same documents, at most."""
    demonstrations: int
    """At most."""


class Lessons:
    """Lessons of one world after another."""

    def __init__(self, luck: random.Random) -> None:
        self._luck = luck

    def many(self, size: Size) -> Lesson:
        """Many questions about the same documents."""
        luck, there = self._luck, self._world()
        asked = self._asked(there, luck.randint(1, size.questions))
        shown = self._library(there, [pair for one in asked for pair in one.pairs], size.documents)
        *first, last = [(one.text, one.hops[-1].answer) for one in asked]
        lines = [f"Question: {text}\n{ANSWER} {answer}" for text, answer in first]
        head, *rest = [*lines, f"Question: {last[0]}\n{ANSWER}"]
        text = "\n".join([head.removeprefix("Question: "), *rest])
        return Lesson(prompt(READ, (), block(shown, text)), last[1])

    def drag(self, size: Size) -> Lesson:
        """One question behind demonstrations, each with documents of its own."""
        there = self._world()
        *shots, last = self._asked(there, self._luck.randint(0, size.demonstrations) + 1)
        most = self._luck.randint(0, size.documents)
        blocks = [
            block(
                self._library(there, self._found(one), most),
                one.text,
                f"{ANSWER} {one.hops[-1].answer}",
            )
            for one in shots
        ]
        asked = block(self._library(there, last.pairs, most), last.text, ANSWER)
        return Lesson(prompt(READ, blocks, asked), last.hops[-1].answer)

    def iterdrag(self, size: Size) -> Lesson:
        """The next line of a transcript behind demonstrations."""
        there = self._world()
        *shots, last = self._asked(there, self._luck.randint(0, size.demonstrations) + 1)
        most = self._luck.randint(0, size.documents)
        blocks = [
            block(self._library(there, one.pairs, most), one.text, *transcript(one.hops))
            for one in shots
        ]
        lines = transcript(last.hops)
        place = self._luck.randrange(len(lines))
        cue, reply = cued(lines[place], forced=self._luck.random() < 0.3)
        pairs = last.pairs[: place // 2 + 1] if len(lines) > 1 else last.pairs
        shown = self._library(there, pairs, most)
        asked = block(shown, last.text, *lines[:place], *([cue] if cue else []))
        return Lesson(prompt(ASK, blocks, asked), reply)

    def _found(self, one: Chain) -> Sequence[Pair]:
        """What a demonstration's documents speak of: of a second hop often nothing."""
        return one.pairs[:1] if self._luck.random() < UNFOUND else one.pairs

    def _world(self) -> World:
        return world(self._luck, people=self._luck.randint(*PEOPLE))

    def _asked(self, there: World, count: int) -> list[Chain]:
        known = list(there.true)
        return [self._chain(there, known) for _ in range(count)]

    def _chain(self, there: World, known: Sequence[Pair]) -> Chain:
        luck = self._luck
        first = luck.choice(known)
        ways = [Pair(relation, there.true[first]) for relation in RELATIONS]
        seconds = [one for one in ways if there.true.get(one, first.person) != first.person]
        if luck.random() < TWO_HOPS and seconds:
            return Chain(there, (first, luck.choice(seconds)))
        return Chain(there, (first,))

    def _library(self, there: World, needed: Sequence[Pair], most: int) -> tuple[Document, ...]:
        """All that is said of what is needed, and up to `most` statements that are like it."""
        luck = self._luck
        wanted = [(source, pair) for pair in needed for source in there.sources_of(pair)]
        near = [
            (source, pair)
            for source, told in there.told.items()
            for pair in _near(luck.choice(needed), there, luck, most)
            if pair in told
        ]
        others = list(dict.fromkeys(near))[:most]
        said = list(dict.fromkeys([*wanted, *others]))
        if luck.random() < SHUFFLED:
            luck.shuffle(said)
        return tuple(
            Document(name(*one), statement(*one, there.told[one[0]][one[1]])) for one in said
        )


def _near(pair: Pair, there: World, luck: random.Random, most: int) -> list[Pair]:
    """Pairs that share a word with one, and some that share none."""
    found = [Pair(relation, pair.person) for relation in luck.sample(RELATIONS, len(RELATIONS))]
    found += [Pair(pair.relation, luck.choice(there.people)) for _ in range(most)]
    found += [Pair(luck.choice(RELATIONS), luck.choice(there.people)) for _ in range(most // 2)]
    luck.shuffle(found)
    return found


def transcript(hops: Sequence[Hop]) -> list[str]:
    """All lines to the final answer; a question of one hop is answered at once."""
    told = [line for hop in hops for line in hop_lines(hop)] if len(hops) > 1 else []
    return [*told, str(Line("final", hops[-1].answer))]


def cued(line: str, *, forced: bool) -> tuple[str, str]:
    """What a line begins with in the prompt, and what is left to say: an intermediate answer always
    has its prefix there, a final one where it is forced."""
    for kind, prefix in PREFIXES.items():
        if line.startswith(prefix) and (kind == "intermediate" or (kind == "final" and forced)):
            return prefix, line.removeprefix(prefix).strip()
    return "", line
