"""Iterative demonstration-based RAG: ask for what is missing, read, answer, and ask again."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, get_args

from msgspec.structs import replace

from tts.run import Run
from tts.strategies.base import at_least
from tts.strategies.parts.select import most_voted
from tts.strategies.retrieval.base import (
    Documents,
    Reading,
    Source,
    fits,
    read,
    retrieved,
    stopping,
    worked,
)
from tts.strategies.retrieval.prompts import block, prompt, shown
from tts.strategies.retrieval.self_ask import PREFIXES, STOPS, Line, LineCall, LineKind, read_line
from tts.values import Candidate, Demonstration, Hop, Kept, Message, Problem, Sampling, Usage

ASK = (
    "Answer the last question from the documents above it. Work one line at a time, and reply with "
    "the next line alone. If something is still missing, the line is 'Follow up: ' and one simple "
    "question that names what it asks about. An answer to it is 'Intermediate answer: ' and a few "
    "words. Once nothing is missing, the line is 'So the final answer is: ' and as few words as "
    "possible."
)
FREE: tuple[LineKind, ...] = ("follow_up", "final")
Layout = Literal["best_last", "stable"]


@dataclass(frozen=True)
class Trail:
    """What was asked and read so far; it grows by copies."""

    question: str
    documents: Documents
    """Found for the question itself, best first."""
    hops: tuple[Hop, ...] = ()
    read: tuple[Documents, ...] = field(default=())
    """What each hop has found beside what was there before."""
    asked: str = ""
    """The sub-question that waits for its answer."""

    def lines(self) -> list[str]:
        """The transcript."""
        told = [line for hop in self.hops for line in hop_lines(hop)]
        return [*told, str(Line("follow_up", self.asked))] if self.asked else told

    def asking(self, question: str, documents: Documents) -> Trail:
        """With a sub-question, and of its documents those that are new."""
        known = {one.id for found in (self.documents, *self.read) for one in found}
        new = tuple(one for one in documents if one.id not in known)
        return Trail(self.question, self.documents, self.hops, (*self.read, new), question)

    def told(self, answer: str) -> Trail:
        """With the answer to the sub-question that waited."""
        hops = (*self.hops, Hop(self.asked, answer))
        return Trail(self.question, self.documents, hops, self.read)


class IterDRAG(Reading):
    """Up to `n` hops: a sub-question, `k` documents for it, an intermediate answer; then the final
    answer, forced after the last hop (Yue et al. 2025, section 3.3, on Self-Ask).

    The model decides line by line whether something is missing. `m` demonstrations show the form,
    each with the documents of its own hops. What is read again is paid again: with `best_last` (the
    paper's) all documents stand before the question, the newest next to it, and each call has
    another prompt; with `stable` what is new stands behind what was said, so that a prefix cache
    holds. Under a budget the last answer is asked for while it still fits.
    """

    name = "iterdrag"

    k: int = 5
    """Documents of the question, and of each sub-question."""
    m: int = 0
    """Demonstrations."""
    n: int = 4
    """Hops, at most."""
    layout: Layout = "best_last"

    def check(self) -> None:
        super().check()
        at_least(0, k=self.k, m=self.m)
        at_least(1, n=self.n)
        if self.layout not in get_args(Layout):
            raise ValueError(f"layout is best_last or stable, not {self.layout!r}.")

    async def solve(self, problem: Problem, run: Run) -> Candidate | None:
        shots = await self._shots(run)
        documents = await retrieved(run, problem.prompt, self.k)
        sampling = replace(run.sampling, temperature=self.draws_at(run.sampling.temperature))
        chain = Chain(self, shots, sampling)
        start = Trail(problem.prompt, documents)
        if self.samples == 1:
            return await chain.follow(start, run=run)
        share = run.even_share(self.samples)
        ends = [run.spawn(chain.follow, start, share=share) for _ in range(self.samples)]
        kept = [Kept(one) for one in await run.all(ends) if one is not None]
        answer: Candidate | None = await run.call(most_voted, kept, run)
        return answer or await self.finish(problem, run)

    def insisting(self, messages: tuple[Message, ...]) -> tuple[Message, ...]:
        last = messages[-1].content
        for prefix in PREFIXES.values():
            last = last.removesuffix(prefix)
        return (*messages[:-1], Message("user", f"{last.rstrip()}\n{PREFIXES['final']}"))

    async def _shots(self, run: Run) -> tuple[str, ...]:
        """The demonstrations as blocks: what they lack of documents is retrieved side by side."""
        shots = worked(run, self.m)
        sources = [self._documents(run, one) for one in shots]
        theirs = [await read(run, own) for own in sources]
        return tuple(_shot(one, own) for one, own in zip(shots, theirs, strict=True))

    def _documents(self, run: Run, shot: Demonstration) -> list[Source]:
        """What a demonstration is shown with: what it brings, or found for each of its questions."""
        asked = [shot.question, *(hop.question for hop in shot.hops)]
        if shot.documents:
            return [run.rewritten(" ".join(asked), shot.documents)]
        return [run.retrieve(query, self.k) for query in asked] if self.k else []


def _shot(shot: Demonstration, found: list[Documents]) -> str:
    distinct = {one.id: one for documents in reversed(found) for one in documents}
    documents = tuple(distinct.values())
    lines = [line for hop in shot.hops for line in hop_lines(hop)]
    return block(documents, shot.question, *lines, str(Line("final", shot.answer)))


def hop_lines(hop: Hop) -> tuple[str, str]:
    return str(Line("follow_up", hop.question)), str(Line("intermediate", hop.answer))


@dataclass(frozen=True)
class Chain:
    """One way through the states: free line, documents, intermediate answer, and so on."""

    strategy: IterDRAG
    shots: tuple[str, ...]
    sampling: Sampling

    async def follow(self, trail: Trail, *, run: Run) -> Candidate | None:
        """The final answer; None where the model gives none that can be read."""
        for _ in range(self.strategy.n):
            if not self._affords_a_hop(trail, run):
                run.explain(
                    f"After {len(trail.hops)} hops what is left holds the last answer and no "
                    "further hop.",
                    hops=len(trail.hops),
                )
                break
            drawn, line = await self._line(trail, FREE, run)
            if drawn is None or (line is not None and line.kind == "final"):
                return drawn
            if line is None:
                break
            documents = await retrieved(run, line.text, self.strategy.k)
            trail = trail.asking(line.text, documents)
            _, told = await self._line(trail, ("intermediate",), run)
            trail = trail.told(told.text if told else "unknown")
        drawn, _ = await self._line(trail, ("final",), run)
        return drawn

    async def _line(
        self, trail: Trail, allowed: tuple[LineKind, ...], run: Run
    ) -> tuple[Candidate | None, Line | None]:
        """The next line and the draw that it was read from; none where the call failed."""
        operation, args = self._call(trail, allowed, run)
        drawn = await run.all([run.call(operation, *args)])
        if not drawn:
            return None, None
        line = read_line(drawn[0].text, allowed)
        return drawn[0], line

    def _call(
        self, trail: Trail, allowed: tuple[LineKind, ...], run: Run
    ) -> tuple[LineCall, tuple[tuple[Message, ...], Sampling, Literal["end"]]]:
        operation = LineCall(run, of=self.strategy.name, allowed=allowed)
        sampling = stopping(run, self.sampling, *STOPS[allowed[0]])
        return operation, (self.messages(trail, allowed), sampling, "end")

    def messages(self, trail: Trail, allowed: tuple[LineKind, ...]) -> tuple[Message, ...]:
        """The conversation that the next line is drawn from; a prefix that has to come is begun."""
        cue = PREFIXES[allowed[0]] if len(allowed) == 1 else ""
        if self.strategy.layout == "stable":
            return _appended(self.shots, trail, cue)
        documents = _newest_first(trail)
        lines = [*trail.lines(), *([cue] if cue else [])]
        return prompt(ASK, self.shots, block(documents, trail.question, *lines))

    def _affords_a_hop(self, trail: Trail, run: Run) -> bool:
        """Whether what is left holds three more lines of this trail, the last one with as many
        documents more as the question has: a hop, and the answer behind it."""
        if not run.capped:
            return True
        imagined = trail.asking("?", ())
        grown = Trail(trail.question, trail.documents * 2, trail.hops, trail.read)
        searches = 1 if self.strategy.k else 0
        lookup = Usage(calls=searches, retrievals=searches)
        calls = [(trail, FREE), (imagined, ("intermediate",)), (grown, ("final",))]
        worst = [
            operation.worst(args, first=True)
            for operation, args in (self._call(one, allowed, run) for one, allowed in calls)
        ]
        return fits(run, [lookup, *worst])


def _newest_first(trail: Trail) -> Documents:
    """As ranked documents: those of the last hop are the best, those of the question the last."""
    return tuple(one for found in (*reversed(trail.read), trail.documents) for one in found)


def _appended(shots: tuple[str, ...], trail: Trail, cue: str) -> tuple[Message, ...]:
    """The conversation as it was held: nothing that was said before is moved."""
    turns = list(prompt(ASK, shots, block(trail.documents, trail.question)))
    asked = [*(hop.question for hop in trail.hops), *([trail.asked] if trail.asked else [])]
    for place, question in enumerate(asked):
        turns.append(Message("assistant", str(Line("follow_up", question))))
        above = _documents(trail.read[place])
        turns.append(Message("user", f"{above}{PREFIXES['intermediate']}"))
        if place < len(trail.hops):
            turns.append(Message("assistant", trail.hops[place].answer))
            turns.append(Message("user", "Next line:"))
    if cue == PREFIXES["final"]:
        last = turns.pop()
        turns.append(Message("user", f"{last.content}\n\n{cue}"))
    return tuple(turns)


def _documents(found: Documents) -> str:
    return f"Documents:\n{shown(found)}\n\n" if found else ""
