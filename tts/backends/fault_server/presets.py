"""Plans that are like the servers that people have: `tts faults serve --like NAME`.

What each of them does was read in its documentation or source in November 2026; the sources stand in
docs/endpoints.md. None of them was asked.
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec.structs import replace

from tts.backends.fault_server.plan import FaultPlan

_PLAIN = FaultPlan(dialect="openai")
_THINKING = FaultPlan(
    dialect="openai",
    ceiling="max_completion_tokens",
    supports_prefill=False,
    supports_logprobs=False,
    reasoning_tokens=6,
    quirks=("one_temperature",),
)

LIKE: Mapping[str, FaultPlan] = {
    "vllm": FaultPlan(),
    "llama_cpp": FaultPlan(dialect="llama_cpp"),
    "ollama": replace(_PLAIN, unheeded=True, quirks=("ignores_n",)),
    "sglang": replace(_PLAIN, quirks=("names_match",)),
    "tgi": replace(_PLAIN, unheeded=True, quirks=("ignores_n", "own_ends")),
    "openai": _THINKING,
    "azure": replace(_THINKING, quirks=("one_temperature", "filters")),
    "anthropic": replace(
        _PLAIN, supports_n=False, supports_prefill=False, quirks=("ignores_logprobs",)
    ),
    "gemini": replace(
        _PLAIN, base="/v1beta/openai", supports_logprobs=False, quirks=("lists_errors",)
    ),
    "openrouter": replace(_PLAIN, quirks=("ignores_n", "waits_aloud", "costs")),
    "litellm": replace(_PLAIN, quirks=("ignores_n", "ignores_logprobs")),
}
"""By the server that a plan is like; of OpenAI and Azure a model that thinks."""
