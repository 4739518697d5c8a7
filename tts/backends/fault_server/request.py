"""What the simulated server reads of a request, and what it does not support."""

from __future__ import annotations

import msgspec
from msgspec import Struct

from tts.backends.fault_server.plan import FaultPlan


class ChatTurn(Struct, gc=False):
    """A message; parts of content lists are not simulated."""

    role: str
    content: str = ""


class StreamOptions(Struct, gc=False):
    """Whether the last events report usage."""

    include_usage: bool = False
    continuous_usage_stats: bool = False


class ServedRequest(Struct):
    """A body of `/chat/completions` or `/completions`."""

    model: str = ""
    messages: list[ChatTurn] | None = None
    prompt: str | list[int] | None = None
    prompt_logprobs: int | None = None
    n: int = 1
    seed: int | None = None
    stop: str | list[str] | None = None
    max_tokens: int | None = None
    max_completion_tokens: int | None = None
    stream: bool = False
    stream_options: StreamOptions | None = None
    logprobs: bool | int | None = None
    top_logprobs: int = 0
    continue_final_message: bool = False
    include_stop_str_in_output: bool = False
    return_token_ids: bool = False
    temperature: float = 1.0

    @property
    def text(self) -> str:
        """The prompt as one text."""
        turns = [turn.content for turn in self.messages or ()]
        if isinstance(self.prompt, list):
            return " ".join(map(str, self.prompt))
        return self.prompt if self.prompt is not None else "\n".join(turns)

    @property
    def stops(self) -> list[str]:
        return [self.stop] if isinstance(self.stop, str) else self.stop or []

    @property
    def wants_logprobs(self) -> bool:
        """0 asks for the chosen tokens alone."""
        return self.logprobs is not None and self.logprobs is not False

    @property
    def ceiling(self) -> int:
        return self.max_completion_tokens or self.max_tokens or 1 << 30


SERVED: msgspec.json.Decoder[ServedRequest] = msgspec.json.Decoder(ServedRequest)


def refused(asked: ServedRequest, plan: FaultPlan) -> str:
    """Why a request gets status 400; empty where it is fine."""
    if asked.messages is None and asked.prompt is None:
        return "messages or prompt is required"
    if asked.n > 1 and not plan.supports_n:
        return "n must be 1"
    if asked.wants_logprobs and not plan.supports_logprobs:
        return "logprobs are not supported"
    if plan.ceiling == "max_completion_tokens" and asked.max_tokens is not None:
        return "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead."
    if plan.ceiling == "max_tokens" and asked.max_completion_tokens is not None:
        return "Unsupported parameter: 'max_completion_tokens'."
    last = asked.messages[-1].role if asked.messages else ""
    if last == "assistant" and not plan.supports_prefill:
        return "the last message must come from the user"
    return ""
