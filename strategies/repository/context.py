"""Which files a model is shown: each is judged alone, what is left is ranked, a cap is filled."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from tts.repository import Tree
from tts.run import Run
from tts.strategies.parts.conversation import Remark, ended
from tts.strategies.repository.wording import (
    RANKING,
    RELEVANCE,
    ROLE,
    filled,
    ranking_of,
    relevance_of,
    turns,
)


class Relevant(Struct, frozen=True):
    """A file that may matter, and why."""

    path: str
    summary: str
    tokens: int


async def relevant_files(
    tree: Tree, issue: str, run: Run, *, model: str, most_tokens: int
) -> list[Relevant]:
    """The files that a model, perhaps a cheap one, does not rule out; one call each.

    A reply that cannot be read rules nothing out: what is left out here is never seen again. A file
    longer than `most_tokens` is not asked about, and stays.
    """
    ask = Remark(run, of="relevance", role="retrieve", model=model)
    lengths = {path: run.generation().length(tree.files[path]) for path in tree.sources}
    asked = [path for path in tree.sources if lengths[path] <= most_tokens]
    replies = [
        run.call(
            ended,
            run.call(
                ask,
                turns(ROLE, filled(RELEVANCE, issue=issue, path=path, text=tree.files[path])),
                run.sampling,
                "end",
            ),
        )
        for path in asked
    ]
    heard = dict(zip(asked, await run.all(replies), strict=True))
    found = []
    for path in tree.sources:
        reply = heard[path].value if path in heard else None
        told = relevance_of(reply) if reply is not None else None
        matters, summary = told if told is not None else (True, "")
        if matters:
            found.append(Relevant(path, summary, lengths[path]))
    return found


async def ranked(
    files: Sequence[Relevant], issue: str, run: Run, *, rankings: int
) -> list[Relevant]:
    """The files by the mean of their places in several rankings; one that a ranking leaves out
    counts as last in it. Without a ranking that can be read they keep their order."""
    if len(files) < 2:
        return list(files)
    listed = "\n".join(f"- {one.path} ({one.tokens}): {one.summary}" for one in files)
    ask = Remark(run, of="ranking", role="retrieve")
    messages = turns(ROLE, filled(RANKING, issue=issue, files=listed))
    asked = [run.call(ended, run.call(ask, messages, run.sampling, "end")) for _ in range(rankings)]
    known = [one.path for one in files]
    orders = [ranking_of(reply.value or "", known) for reply in await run.all(asked)]
    places = merged([order for order in orders if order], known)
    return sorted(files, key=lambda one: places[one.path])


def merged(orders: Sequence[Sequence[str]], known: Sequence[str]) -> dict[str, float]:
    """The mean relative place of each path, 0 the first; 1 where an order does not name it."""
    if not orders:
        return {path: place / len(known) for place, path in enumerate(known)}
    return {path: sum(_place(order, path) for order in orders) / len(orders) for path in known}


def _place(order: Sequence[str], path: str) -> float:
    return order.index(path) / len(order) if path in order else 1.0


def within(files: Sequence[Relevant], most_tokens: int) -> list[str]:
    """Paths as far as they fit, best first; one that is too long is passed over."""
    found, left = [], most_tokens
    for one in files:
        if one.tokens <= left:
            found.append(one.path)
            left -= one.tokens
    return found
