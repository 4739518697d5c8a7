"""Every error that the project raises, in one small tree.

- TTSError
    - UsageError            the caller asked for something impossible; the message says what to do
        - UnknownName       a name that no registry knows; lists the known ones
        - BadInput          a file or a value that cannot be read; names file, line and reason
        - BudgetTooSmall    a ceiling below the least sum that a strategy needs
        - UnknownPrice      a dollar cap on a model without a price
        - IsolationTooLow   generated code cannot be isolated as far as was demanded; exit code 4
        - ManifestChanged   a resumed job whose keys or grades would change; carries the diff
    - CallError             one attempt of one call failed; data, not a crash
        - NotSent           the request provably never reached the other side; costs nothing
        - RateLimited       the other side asked us to slow down
        - Unavailable       the other side failed; the work may or may not have been billed
        - CallTimeout       no answer in time; the work may have been billed
        - BadRequest        the other side refused the request; repeating it cannot help
            - Barred        no call can get through: the whole job stops
                - Unauthorized      the credentials are missing or wrong
                - Untrusted         the other side's certificate is wrong, or it speaks no TLS
        - BadReply          the answer came and cannot be used
        - ContextTooLong    prompt and allowance exceed the model's context
        - ToolFailed        a tool raised
        - Crashed           the code of a generator, a verifier or another operation raised
        - Unrecordable      the ledger's database does not take what came
    - CallFailed            awaiting a node whose call failed after its last attempt
        - Dropped           the node was cancelled because nobody wants it any more
    - Stopped               the run ends here; the engine turns it into `stopped_by`
        - BudgetExhausted   a call was refused by an account
        - Deadline          the wall-clock ceiling passed
        - Suspended         the job's wallet ended or the user interrupted; resumable
        - Outage            a passing error outlasted its retries; resumable
    - StrategyError         a strategy or one of its local functions raised
    - LedgerError           the journal cannot be written or read; no paid call goes out after it
        - TakenOver         other processes took this one for dead, and its share of the job
"""

from __future__ import annotations

import traceback
from collections.abc import Iterable
from difflib import get_close_matches
from typing import Literal, TypeVar

E = TypeVar("E", bound=BaseException)

MOST_NAMES = 40
"""As many names as one message lists."""
MOST_WORDS = 300
"""Characters that a message quotes of another one."""

Sent = Literal["not_sent", "sent_unknown", "settled"]


class TTSError(Exception):
    """Base of every error of this project."""


class UsageError(TTSError):
    """The caller asked for something that cannot be done."""


class UnknownName(UsageError):
    """A name that no registry knows."""

    def __init__(self, kind: str, name: str, known: Iterable[str], *, flag: str = "") -> None:
        names = sorted(known)
        near = get_close_matches(name, names, n=1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        shown = ", ".join(names[:MOST_NAMES]) or "none"
        more = f" and {len(names) - MOST_NAMES} more" if len(names) > MOST_NAMES else ""
        place = f" ({flag})" if flag else ""
        super().__init__(f"There is no {kind} {name!r}{place}.{hint} Known: {shown}{more}.")


class BadInput(UsageError):
    """A file or value that cannot be read: where it is, and why."""


class BudgetTooSmall(UsageError):
    """A ceiling below what the strategy needs to give any answer."""


class UnknownPrice(UsageError):
    """A dollar cap was asked for a model whose price is unknown."""


class ManifestChanged(UsageError):
    """A resumed job differs from the recorded one in what changes keys or grades."""


class IsolationTooLow(UsageError):
    """The machine cannot isolate generated code as far as was demanded."""


class CallError(TTSError):
    """One attempt of one call failed."""

    retryable: bool = False
    sent: Sent = "settled"

    def __init__(self, message: str, *, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after
        """Seconds that the other side asked us to wait, where it said so."""


class NotSent(CallError):
    """The request never reached the other side: connection refused, name not resolved."""

    retryable = True
    sent = "not_sent"


class RateLimited(CallError):
    """429 or its kin: nothing was done, try later."""

    retryable = True
    sent = "not_sent"


class Unavailable(CallError):
    """5xx, a reset or a truncated answer: the work may have been billed."""

    retryable = True
    sent = "sent_unknown"


class CallTimeout(CallError):
    """No answer within the call's time limit: the work may have been billed."""

    retryable = True
    sent = "sent_unknown"


class BadRequest(CallError):
    """The other side refused the request itself."""

    sent = "not_sent"


class Barred(BadRequest):
    """No call can get through: the whole job stops instead of failing call by call."""


class Unauthorized(Barred):
    """Missing or wrong credentials."""


class Untrusted(Barred):
    """A certificate that is not trusted, or no TLS where it was asked for."""


class ContextTooLong(BadRequest):
    """Prompt and allowance exceed the model's context."""


class BadReply(CallError):
    """The answer came, was billed, and cannot be used."""


class ToolFailed(CallError):
    """A user's tool raised."""


class Crashed(CallError):
    """The operation's own code raised: a bug in a generator, a verifier or the like."""


class Unrecordable(CallError):
    """The answer came, and the ledger's database does not take it."""


class CallFailed(TTSError):
    """A node's call failed after its last attempt; `cause` says how."""

    def __init__(self, message: str, cause: BaseException | None = None) -> None:
        super().__init__(message)
        self.cause = cause


class Dropped(CallFailed):
    """The node was cancelled: nobody wanted it any more."""


class Stopped(TTSError):
    """The run ends here; strategies never catch it."""


class BudgetExhausted(Stopped):
    """A call was refused: what it needed and what was left, in the words of a budget."""

    def __init__(self, needed: str, left: str, scope: str = "budget") -> None:
        super().__init__(f"The {scope} has {left} left; the next call needs {needed}.")

    @classmethod
    def recorded(cls, message: str) -> BudgetExhausted:
        """A refusal of an earlier process, repeated."""
        error = cls("", "")
        error.args = (message,)
        return error


class Deadline(Stopped):
    """The wall-clock ceiling passed."""


class Suspended(Stopped):
    """The job's wallet ended or the user interrupted; the problem stays open and resumable."""


class Outage(Stopped):
    """An error that passes outlasted its retries; the run stays open, to be tried again later."""


class StrategyError(TTSError):
    """A strategy, or a local function of its graph, raised: a bug in the strategy."""


class LedgerError(TTSError):
    """The journal cannot be written or read."""


class TakenOver(LedgerError):
    """Other processes took this one for dead: what it held is theirs, and it writes nothing more."""


def crashed(error: BaseException) -> Crashed:
    """An error of an operation's own code as the failure of its call."""
    return Crashed(f"{type(error).__name__}: {error}".removesuffix(": "))


def kept(error: E) -> E:
    """An error that outlives its handling, without the frames that it passed: they hold the run
    that holds the error. Those of foreign code, which its author looks for, stay."""
    link: BaseException | None = error
    while isinstance(link, TTSError):
        link.__traceback__ = None
        link = getattr(link, "cause", None) or link.__cause__ or link.__context__
    return error


def raised_again(error: E) -> E:
    """A copy of a kept error to raise, which takes on the frames in its place."""
    if not isinstance(error, TTSError):
        return error
    again = type(error).__new__(type(error))
    again.args, again.__cause__ = error.args, error.__cause__
    again.__dict__.update(error.__dict__)
    return again


def described(error: BaseException) -> str:
    """An error of somebody else's code in one line: its kind, its words, and its file and line."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    words = " ".join(str(error).split())[:MOST_WORDS]
    told = f"{type(error).__name__}: {words}" if words else type(error).__name__
    if isinstance(error, SyntaxError) and error.filename:
        return f"{type(error).__name__}: {error.msg} ({error.filename}, line {error.lineno})"
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if not frame.filename.startswith("<frozen")]
    return f"{told} ({own[-1].filename}, line {own[-1].lineno})" if own else told
