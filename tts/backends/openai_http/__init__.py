"""Models behind OpenAI-compatible servers, over aiohttp and msgspec."""

from tts.backends.openai_http.connection import Connection, Transport
from tts.backends.openai_http.errors import (
    TRANSPORT_ERRORS,
    Translated,
    call_error,
    refusal,
    retry_after,
)
from tts.backends.openai_http.generator import HTTPGenerator
from tts.backends.openai_http.request import Dialect, Endpoint, Wording, plain_template
from tts.backends.openai_http.step_scorer import HTTPStepScorer
from tts.backends.openai_http.usage import PromptCount

__all__ = [
    "TRANSPORT_ERRORS",
    "Connection",
    "Dialect",
    "Endpoint",
    "HTTPGenerator",
    "HTTPStepScorer",
    "PromptCount",
    "Translated",
    "Transport",
    "Wording",
    "call_error",
    "plain_template",
    "refusal",
    "retry_after",
]
