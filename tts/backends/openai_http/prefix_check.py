"""Whether the text to be continued reaches the model as it is."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec

from tts.backends.openai_http.body import Wording
from tts.backends.openai_http.decode import decode
from tts.backends.openai_http.transport import Transport
from tts.errors import BadRequest, CallError
from tts.protocols import GenerateRequest
from tts.values import Message

_ANY: msgspec.json.Decoder[dict[str, Any]] = msgspec.json.Decoder(dict[str, Any])

_TAIL = 64
"""Characters of the prefix that are compared."""


class PrefixCheck:
    """Sends a prefix through the server's own template, tokens and back, once per kind of ending.

    Many chat templates trim the last turn; a step search whose steps end in a blank line would then
    continue a text that it did not write. Servers without `/tokenize` and `/detokenize` (which
    vLLM serves beside `/v1`) cannot be asked and pass.
    """

    def __init__(self, connection: Transport, *, wording: Wording) -> None:
        self._connection = connection
        self._wording = wording
        self._verdicts: dict[str, bool] = {}
        self._asking = asyncio.Lock()

    async def pass_or_refuse(self, request: GenerateRequest) -> None:
        """Raise `BadRequest` where the end of the prefix would be lost."""
        if self._wording.endpoint != "chat" or self._wording.dialect != "vllm":
            return
        ending = _ending(request.prefix)
        if ending not in self._verdicts:
            await self._judge(ending, request)
        if not self._verdicts[ending]:
            raise BadRequest(
                f"The server's chat template drops the end {ending!r} of the text to be continued;"
                " use the completions endpoint with a template of your own."
            )

    async def _judge(self, ending: str, request: GenerateRequest) -> None:
        """Ask once, however many requests wait for the verdict."""
        async with self._asking:
            if ending not in self._verdicts:
                self._verdicts[ending] = await self._survives(request)

    async def _survives(self, request: GenerateRequest) -> bool:
        turns = (*request.messages, Message("assistant", request.prefix))
        asked = {
            "model": self._wording.model,
            "messages": turns,
            "continue_final_message": True,
            "add_generation_prompt": False,
        }
        try:
            tokens = (await self._post("/tokenize", asked)).get("tokens")
            told = {"model": self._wording.model, "tokens": tokens}
            prompt = (await self._post("/detokenize", told)).get("prompt")
        except CallError as error:
            if error.retryable:
                raise
            return True
        return not isinstance(prompt, str) or tail_survives(prompt, request.prefix)

    async def _post(self, path: str, asked: dict[str, Any]) -> dict[str, Any]:
        answer = await self._connection.post(f"/..{path}", msgspec.json.encode(asked))
        return decode(_ANY, answer)


def tail_survives(prompt: str, prefix: str) -> bool:
    """Whether a prompt ends as the prefix does: the same last letters, the same white space.

    White space between words is not compared: many tokenizers tidy it up when decoding.
    """
    letters = "".join(prefix[-_TAIL:].split())
    same = "".join(prompt[-2 * _TAIL :].split()).endswith(letters)
    return same and _ending(prompt) == _ending(prefix)


def _ending(text: str) -> str:
    return text[len(text.rstrip()) :]
