"""`reading`: texts and replies of any length are read in linear time, figures are ready at once."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from statistics import median

from tts.answers import TASKS
from tts.backends.openai_http.reply import REPLY, decode, token_logprobs
from tts.equivalence import is_admissible
from tts.eval.bench.report import Row, at_most, figure
from tts.eval.statistics import bootstrap_mean

RUNS = 5
MEGABYTE = 2**20
GUARDED = 4096
"""Characters that the guard of algebra looks at."""
LURES = ("\\boxed{", "\\boxed x", "\\fbox", "answer is ", "####\n", "1,111", "{", "\\", "\n", "٣")
"""What a reader that looks back would go over again and again."""
KNOTS = ("{", "^", "1!", "\\sqrt", "(a", "9^")
PROBLEMS = 500
TOKENS = 1_000_000
"""Of a reply, each with its log-probability and one alternative's."""
CONTENT = 50 * MEGABYTE
"""Bytes of a reply's text."""


def reading(*, runs: int = RUNS) -> list[Row]:
    """The slowest of every reader over texts made to slow it, and a bootstrap interval."""
    values = [float(place % 3 - 1) for place in range(PROBLEMS)]
    extraction = max(
        _seconds(partial(task.extract, _filled(lure, MEGABYTE)), runs)
        for task in TASKS.values()
        for lure in LURES
    )
    guard = max(_seconds(partial(is_admissible, _filled(knot, GUARDED)), runs) for knot in KNOTS)
    interval = _seconds(partial(bootstrap_mean, values, seed=0), runs)
    return [
        at_most("slowest extraction of an answer from a megabyte", 1000 * extraction, "ms", bar=50),
        at_most("slowest look at a longest answer before algebra", 1000 * guard, "ms", bar=50),
        *_replies(),
        at_most(f"bootstrap interval over {PROBLEMS} problems", 1000 * interval, "ms", bar=500),
    ]


def _replies() -> list[Row]:
    """One large body each; what strict JSON refuses is read by the slower decoder."""
    rows = []
    for name, body in (
        (f"a reply of {TOKENS:,} log-probabilities", _with_logprobs(TOKENS)),
        (f"a reply of {TOKENS // 10:,}, one NaN", _with_logprobs(TOKENS // 10, last="NaN")),
        (f"a reply of {CONTENT // MEGABYTE} MiB of text", _reply(b"x" * CONTENT)),
    ):
        took = _seconds(partial(_read, body), 1)
        rows.append(figure(f"{name} read, {len(body) / MEGABYTE:.0f} MiB", took, "s"))
    return rows


def _read(body: bytes) -> None:
    choice = (decode(REPLY, body).choices or [None])[0]
    assert choice is not None
    values = token_logprobs(choice.logprobs)
    assert all(-9999.0 <= value.logprob <= 0.0 for value in values)


def _with_logprobs(tokens: int, *, last: str = "-0.5") -> bytes:
    """A reply whose last token may have a log-probability that is no number."""
    one = '{"token":"a","logprob":%s,"top_logprobs":[{"token":"b","logprob":-1.5}]}'
    content = ",".join([one % "-0.5"] * (tokens - 1) + [one % last])
    return _reply(b"a", b',"logprobs":{"content":[' + content.encode() + b"]}")


def _reply(text: bytes, more: bytes = b"") -> bytes:
    return b'{"choices":[{"message":{"content":"' + text + b'"}' + more + b"}]}"


def _filled(unit: str, length: int) -> str:
    return unit * (length // len(unit))


def _seconds(work: Callable[[], object], runs: int) -> float:
    taken: list[float] = []
    for _ in range(runs):
        began = time.process_time()
        work()
        taken.append(time.process_time() - began)
    return median(taken)
