"""Errors in the shape of the API, with the status that its clients expect."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import msgspec

from tts.engine import spell_budget
from tts.errors import (
    BudgetTooSmall,
    TTSError,
    Unauthorized,
    UnknownName,
    UnknownPrice,
    Untrusted,
    UsageError,
    described,
)
from tts.executor.settlement import INTERRUPTED
from tts.values import Budget, Result

MOST_WORDS = 600
"""Characters of a message."""
RETRY_AFTER = 5
"""Seconds after which a model that is out of reach is asked for again."""
_CAUSE = re.compile(r"(?:^|: )(ContextTooLong|BadRequest|RateLimited|CallTimeout): ")


class ApiError(Exception):
    """What a client is told; `code` is for programs, the message for people."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        code: str | None = None,
        param: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status, self.code, self.param = status, code, param
        self.headers = dict(headers or {})

    @property
    def fields(self) -> dict[str, Any]:
        """`{"error": …}` as the API has it."""
        said = {
            "message": str(self)[:MOST_WORDS],
            "type": _kind(self.status),
            "param": self.param,
            "code": self.code,
        }
        return {"error": said}

    @property
    def body(self) -> bytes:
        return msgspec.json.encode(self.fields)


def spent(budget: Budget) -> str:
    """What a client is told whose key has nothing left for its request."""
    return (
        f"This key's budget of {spell_budget(budget)} has no room left for what this request may"
        " cost at most: a smaller max_tokens or strategy may still fit; otherwise ask whoever runs"
        " the gateway for more."
    )


def _kind(status: int) -> str:
    match status:
        case 401:
            return "authentication_error"
        case 403:
            return "permission_error"
        case 429:
            return "rate_limit_error"
        case _:
            return "invalid_request_error" if status < 500 else "server_error"


def bad(message: str, *, param: str | None = None, code: str | None = None) -> ApiError:
    """400: the request cannot be carried out as it stands; nothing was sent."""
    return ApiError(400, message, param=param, code=code)


def translated(error: BaseException) -> ApiError:
    """Any error as the API's: what the caller can mend is 4xx, everything else 5xx."""
    if isinstance(error, ApiError):
        return error
    if isinstance(error, BaseExceptionGroup):
        return translated(error.exceptions[0])
    if isinstance(error, BudgetTooSmall):
        return bad(str(error), param="budget", code="budget_too_small")
    if isinstance(error, UnknownPrice):
        return bad(str(error), param="budget", code="unknown_price")
    if isinstance(error, UnknownName):
        return bad(str(error), code="unknown_name")
    if isinstance(error, UsageError):
        return bad(str(error))
    if isinstance(error, Unauthorized):
        return ApiError(502, "The model's server refuses the gateway's key.", code="upstream_key")
    if isinstance(error, Untrusted):
        return ApiError(502, str(error), code="upstream_certificate")
    if isinstance(error, TTSError):
        return ApiError(503, str(error), headers={"retry-after": str(RETRY_AFTER)})
    return ApiError(500, f"A fault of the gateway: {described(error)}.", code="gateway_fault")


@contextmanager
def about(param: str) -> Iterator[None]:
    """What is wrong inside is wrong with this field of the request."""
    try:
        yield
    except (ApiError, UsageError) as error:
        told = translated(error)
        told.param = told.param or param
        raise told from None


def of_result(result: Result, budget: Budget) -> ApiError | None:
    """Why a run has nothing to show; None where it ended with a text, or at a ceiling of its own.

    `budget`: of the key, all requests together.
    """
    if result.candidate is not None or result.stopped_by in ("done", "budget", "deadline"):
        return None
    told = result.error or "The request has no answer."
    if told == INTERRUPTED:
        wait = {"retry-after": str(RETRY_AFTER)}
        return ApiError(503, "The gateway is closing.", code="closing", headers=wait)
    if result.stopped_by == "suspended":
        return ApiError(429, spent(budget), code="insufficient_quota")
    cause = _CAUSE.search(told)
    match cause[1] if cause else "":
        case "ContextTooLong":
            return bad(told, code="context_length_exceeded")
        case "BadRequest":
            return bad(told, code="upstream_refused")
        case _:
            wait = {"retry-after": str(RETRY_AFTER)}
            return ApiError(503, told, code="upstream_unavailable", headers=wait)
