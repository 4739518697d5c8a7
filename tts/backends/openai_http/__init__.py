"""Models behind OpenAI-compatible servers, over aiohttp and msgspec."""

from tts.backends.openai_http.body import Dialect, Endpoint, Wording, plain_template
from tts.backends.openai_http.connection import Connection
from tts.backends.openai_http.generator import HTTPGenerator
from tts.backends.openai_http.prompt_count import PromptCount
from tts.backends.openai_http.refusal import refusal
from tts.backends.openai_http.retry_after import retry_after
from tts.backends.openai_http.step_scorer import HTTPStepScorer
from tts.backends.openai_http.translated import TRANSPORT_ERRORS, Translated, call_error
from tts.backends.openai_http.transport import Transport

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
