"""Thoughts with what a model thinks of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Literal

from tts.graph import Node, Outcome
from tts.run import Run
from tts.strategies.opinion import VALUE, VOTE, Opinion, vote, worth
from tts.strategies.parts.expand import values_of
from tts.values import Candidate, Score, Scored

Judging = Literal["value", "vote"]
"""Each thought alone, or all against each other."""


async def judged(
    run: Run, thoughts: Sequence[Node[Candidate]], judging: Judging, votes: int
) -> list[Scored]:
    """The thoughts that were drawn; each is judged by `votes` replies as soon as it can be."""
    ask = run.settings.sampling
    if judging == "value":
        opinion = Opinion(run, wording=VALUE, of="value")
        asked = [
            run.call(valued, one, [run.call(opinion, [one], ask, "end") for _ in range(votes)])
            for one in thoughts
        ]
        return list(await run.all(asked))
    drawn = list(await run.all(thoughts))
    opinion = Opinion(run, wording=VOTE, of="vote")
    ballots = [run.call(opinion, drawn, ask, "end") for _ in range(votes if drawn else 0)]
    return elected(drawn, await run.all(ballots))


def valued(thought: Candidate, replies: list[Outcome[str]]) -> Scored:
    """A thought with the mean worth of what was said of it; 0 where nothing usable was said."""
    found = [value for reply in values_of(replies) if (value := worth(reply)) is not None]
    return Scored(thought, Score(value=sum(found) / len(found) if found else 0.0))


def elected(thoughts: Sequence[Candidate], replies: Sequence[str]) -> list[Scored]:
    """The thoughts with their shares of the votes."""
    votes = [place for reply in replies if (place := vote(reply, len(thoughts))) is not None]
    counts = Counter(votes)
    return [
        Scored(thought, Score(value=counts[place] / len(votes) if votes else 0.0))
        for place, thought in enumerate(thoughts)
    ]
