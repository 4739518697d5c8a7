"""What a fault-injecting server does to its clients, and how long it thinks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from hashlib import blake2b
from math import exp
from random import Random
from typing import Any, Literal

from msgspec import Struct

FaultKind = Literal[
    "status",
    "reset_before_headers",
    "reset_after_headers",
    "close_before_headers",
    "wrong_length",
    "truncated_json",
    "chunked_cut",
    "stall",
    "stall_after_headers",
    "slow",
    "gzip_bomb",
    "body",
    "edit",
    "edit_choice",
    "replace",
    "fewer_choices",
    "stream_cut",
    "stream_stall",
    "stream_replace",
]

Quirk = Literal[
    "ignores_n",
    "ignores_logprobs",
    "one_temperature",
    "names_match",
    "filters",
    "own_ends",
    "waits_aloud",
    "costs",
    "lists_errors",
]
"""A way of a server that speaks the API in its own manner.

`ignores_n`, `ignores_logprobs`: the field is left unread, and nothing says so. `one_temperature`: any
but 1 is refused, and so are stop strings. `names_match`: the stop string stands in `matched_stop`.
`filters`: filter results stand in every choice, and a stream begins with a chunk without choices.
`own_ends`: `eos_token` and `stop_sequence` are ends, an error is a text. `waits_aloud`: blank lines
before a whole answer, comments before the first event. `costs`: `usage.cost`. `lists_errors`: an error
stands in a list.
"""

Answer = Callable[[str, int, int], str]
"""(prompt with prefix, seed, draw in the request) to the whole text of a draw."""


class Latency(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Seconds before an answer: always `median`, or log-normal around it."""

    kind: Literal["fixed", "lognormal"] = "fixed"
    median: float = 0.0
    sigma: float = 0.5
    """Standard deviation of the logarithm; used by `lognormal`."""

    def draw(self, rng: Random) -> float:
        if self.kind == "fixed":
            return self.median
        return self.median * exp(rng.gauss(0.0, self.sigma))


class Fault(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One deviation from a good answer.

    status: `status`, `headers`, `body` as they are. reset…, close…: the connection ends there.
    wrong_length, chunked_cut: the body breaks off on the wire; truncated_json: in its content.
    stall…: nothing more until the client leaves. slow: a byte every `seconds`. gzip_bomb: the
    answer, and `keep` MiB of blanks in its middle, in a few kB. body: these bytes under status 200.
    edit, edit_choice: `fields` overwrite the reply or each choice. replace: bytes `old` become `new` in the encoded reply; stream_replace: in each event, and an event that
    nothing is left of is not sent. fewer_choices: the first `keep` come. stream_cut, stream_stall:
    after `keep` events.
    """

    kind: FaultKind
    status: int = 500
    headers: Mapping[str, str] = {}
    body: bytes = b'{"error":{"message":"injected"}}'
    fields: Mapping[str, Any] = {}
    old: bytes = b""
    new: bytes = b""
    keep: int = 0
    seconds: float = 1.0


class FaultPlan(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which request meets which fault, and how the good answers are made.

    The k-th generation request meets `script[k]`; beyond the script (or with `repeat`, never
    beyond it) a request meets one of `mix` with probability `rate`, by `seed` and arrival number.
    """

    script: tuple[Fault | None, ...] = ()
    repeat: bool = False
    rate: float = 0.0
    mix: tuple[Fault, ...] = ()
    seed: int = 0
    latency: Latency = Latency()
    latency_by: Literal["arrival", "body"] = "arrival"
    """`body`: equal requests take equally long, whenever they come."""
    chunk_seconds: float = 0.0
    """Between two events of a stream."""
    words: int = 24
    """Tokens of a draw that is not cut short; a token is a word with its space."""
    answer: Answer | None = None
    """Replaces the built-in text."""
    says: Mapping[str, str] = {}
    """By a text that a prompt holds: what is said instead, `{}` being a digit that prompt, seed and
    draw decide; so that a judge finds marks and a parser its form."""
    dialect: Literal["openai", "vllm", "llama_cpp"] = "vllm"
    """`openai`: stop strings are cut off silently, `/tokenize` does not exist. `llama_cpp`: the stop
    string is named where that is asked for, a whole answer begins with what it continues, and the
    bill counts one draw of several."""
    names_stop: bool = True
    names_ids: bool = True
    """Reports the tokens of `logprob_token_ids`, as vLLM does from 0.32 on."""
    trims_prefix: bool = False
    """The chat template drops white space at the end of a text to be continued."""
    reports_usage: bool = True
    supports_n: bool = True
    supports_logprobs: bool = True
    supports_prefill: bool = True
    ceiling: Literal["any", "max_tokens", "max_completion_tokens"] = "any"
    """Which field may bound the length; the other one is refused."""
    unheeded: bool = False
    """`max_completion_tokens` is taken and bounds nothing."""
    quirks: tuple[Quirk, ...] = ()
    base: str = "/v1"
    """Under which path the API stands."""
    calls_tool: str = ""
    """Requests with tools are answered by a call of this one, with the arguments `{"of": words}`,
    until a tool has answered."""
    reasoning_tokens: int = 0
    """Reported as thoughts beside each draw's own tokens."""
    fails_on: bytes = b""
    """Requests that hold these bytes get 500."""
    batch_seconds: float = 0.0
    """How long a batch is worked on."""
    batch_end: Literal["completed", "expired", "failed"] = "completed"
    """`expired`: half of the lines are answered; `failed`: none."""
    batch_noise: bool = False
    """Answers come in reverse order, twice, with lines that nobody asked and lines cut short."""
    slots: int = 4
    """Requests that a llama.cpp server says to work on at once."""
    lists: Fault | None = None
    """What `GET /v1/models` meets."""
    api_key: str | None = None
    """Requests without it get 401."""
    keep_records: bool = True

    def seconds_for(self, body: bytes) -> float:
        """How long a request takes under `latency_by="body"`."""
        return self.latency.draw(Random(f"{self.seed}|{blake2b(body, digest_size=8).hexdigest()}"))
