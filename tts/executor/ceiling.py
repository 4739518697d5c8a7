"""Near the cap a draw is sent with what is left as its length.

A draw is a prefix of one text: one that ends by itself is the same under every ceiling that it
keeps, so it is kept under the key of the whole draw and serves whoever asks for that. Only a cut one
depends on its ceiling, so it is kept under a key of its own.
"""

from __future__ import annotations

from bisect import bisect_left
from typing import Any, Protocol, cast

import msgspec

from tts.budget import Account
from tts.executor.call import Call, Ceiling, cut_key
from tts.protocols import CallRow, Journal, OutcomeRow, ShorteningOperation
from tts.values import Usage

CEILING = ":ceiling"
"""Ends the id under which an outcome says with which length a draw was sent."""


class Worst(Protocol):
    """What a call with these arguments may be charged, priced."""

    def __call__(self, call: Call, args: tuple[Any, ...], *, first: bool) -> Usage: ...


def longest_that_fits(call: Call, worst: Worst) -> int | None:
    """The most tokens that what is left of the call's budget holds; None: fewer than likely.

    Asked for at the head of the order with nothing open: all that stands before it has ended, so
    this is a function of the lengths and amounts of those draws, whatever the timing.
    """
    operation = shortening(call)
    kind = operation.kind(call.args) if operation else None
    if operation is None or kind is None:
        return None
    likely, most = call.run.lengths.likely(kind), operation.most_tokens(call.args)
    if likely is None or likely >= most:
        return None
    account: Account = call.run.account

    def exceeds(tokens: int) -> bool:
        args = operation.shortened(call.args, tokens)
        usage = worst(call, args, first=call.first)
        return not account.fits(account.amounts(call.beside_paid(usage) or usage))

    likely = max(1, likely)
    if exceeds(likely):
        return None  # as for nearly all of many draws: the others need no search
    return likely + bisect_left(range(likely, most), True, lo=1, key=exceeds) - 1


def shortening(call: Call) -> ShorteningOperation | None:
    """The call's operation, where a part of its draw may be asked for."""
    operation = call.operation
    return cast("ShorteningOperation", operation) if operation.spec.shortens else None


def shortened(call: Call, tokens: int) -> tuple[Any, ...]:
    """The call's arguments for a draw of so many tokens."""
    operation = shortening(call)
    return operation.shortened(call.args, tokens) if operation else call.args


def recorded(call: Call) -> Ceiling | None:
    """What an earlier process decided about the length of this draw."""
    row = call.run.settings.recorded.outcomes.get(f"{call.id}{CEILING}")
    return None if row is None else msgspec.json.decode(row.content, type=Ceiling)


def outcome(call: Call, ceiling: Ceiling) -> OutcomeRow:
    return call.run.outcome(f"{call.id}{CEILING}", "ceiling", ceiling)


def find(journal: Journal, call: Call) -> CallRow | None:
    """The finished call that serves this one: of its key, and no longer than its ceiling."""
    if call.ceiling is None:
        return journal.find(call.key)
    cut = journal.find(cut_key(call.key, call.ceiling.tokens))
    if cut is not None:
        return cut
    whole = journal.find(call.key)
    return whole if whole and whole.usage.completion_tokens <= call.ceiling.tokens else None


def was_cut(call: Call, content: Any) -> bool:
    """Whether the text ended at its ceiling, whichever that was."""
    operation = shortening(call)
    return operation is not None and operation.was_cut(content)


def note_length(call: Call, content: Any) -> None:
    """Remember how long a draw was; one that was cut counts as long as it might have been."""
    operation = shortening(call) if call.run.account.capped else None
    kind = operation.kind(call.args) if operation else None
    if operation is None or kind is None:
        return
    whole = operation.most_tokens(call.shared.args)
    cut = operation.was_cut(content)
    call.run.lengths.note(kind, whole if cut else operation.length_of(content))


def kept_key(journal: Journal, call: Call, content: Any) -> str:
    """The key under which what a call brought is found again."""
    if call.ceiling is None or not (was_cut(call, content) or journal.find(call.key)):
        return call.key
    return cut_key(call.key, call.ceiling.tokens)
