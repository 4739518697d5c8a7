"""Completions from any server that speaks the OpenAI API."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from tts.backends.openai_http.assembly import Assembly
from tts.backends.openai_http.body import (
    Dialect,
    Endpoint,
    Template,
    Wording,
    body,
    plain_template,
)
from tts.backends.openai_http.completions import Slots, completions, expected, slots
from tts.backends.openai_http.connection import Connection
from tts.backends.openai_http.decode import decode
from tts.backends.openai_http.events import events
from tts.backends.openai_http.prefix_check import PrefixCheck
from tts.backends.openai_http.prompt_count import PromptCount
from tts.backends.openai_http.refusal import refusal
from tts.backends.openai_http.spend import Expected, Spend, believed, spend
from tts.backends.openai_http.transport import Transport
from tts.backends.openai_http.wire import REPLY, WireReply
from tts.backends.secret import Secret
from tts.errors import Unavailable
from tts.protocols import GenerateReply, GenerateRequest, Meter, TextListener
from tts.values import Capabilities, Message, Model


class HTTPGenerator:
    """A model behind `/chat/completions` or `/completions` of an OpenAI-compatible server.

    `base_url` ends in `/v1`. `connection` replaces the one made from `base_url` and `api_key`.
    """

    def __init__(
        self,
        model: Model,
        *,
        base_url: str = "",
        api_key: Secret | None = None,
        capabilities: Capabilities | None = None,
        endpoint: Endpoint = "chat",
        dialect: Dialect = "openai",
        template: Template = plain_template,
        prompt_count: PromptCount | None = None,
        extra: Mapping[str, Any] | None = None,
        idle_timeout: float | None = 600.0,
        connection: Transport | None = None,
    ) -> None:
        self._model = model
        self._count = prompt_count or PromptCount()
        self._connection = connection or Connection(
            base_url, api_key=api_key, idle_timeout=idle_timeout
        )
        self._wording = Wording(
            model=model.name,
            endpoint=endpoint,
            dialect=dialect,
            capabilities=capabilities or Capabilities(),
            template=template,
            extra=extra or {},
        )
        self._prefix_check = PrefixCheck(self._connection, wording=self._wording)

    @property
    def model(self) -> Model:
        return self._model

    @property
    def capabilities(self) -> Capabilities:
        return self._wording.capabilities

    def count_prompt(self, messages: Sequence[Message], prefix: str) -> int:
        """Tokens by the server's own report where it counted this prompt before, else a bound."""
        return self._count.count(messages, prefix)

    async def generate(
        self, request: GenerateRequest, meter: Meter, listener: TextListener | None = None
    ) -> GenerateReply:
        """Draw; streams where a listener is given."""
        if request.prefix:
            await self._prefix_check.pass_or_refuse(request)
        if listener is None:
            sent = body(request, self._wording)
            reply = decode(REPLY, await self._connection.post(self._wording.path, sent))
        else:
            reply = await self._streamed(request, meter, listener)
        return self._read(request, reply, meter)

    async def close(self) -> None:
        await self._connection.close()

    async def _streamed(
        self, request: GenerateRequest, meter: Meter, listener: TextListener
    ) -> WireReply:
        sent = body(request, self._wording, stream=True)
        assembly = Assembly(len(request.seeds))
        async with self._connection.stream(self._wording.path, sent) as pieces:
            async for data in events(pieces):
                if data == b"[DONE]":
                    return assembly.reply
                chunk = _checked(decode(REPLY, data))
                for index, text in assembly.add(chunk):
                    listener(index, text)
                self._note(request, assembly, meter)
        if not assembly.complete:
            raise Unavailable("The stream ended before the answer did.")
        return assembly.reply

    def _note(self, request: GenerateRequest, assembly: Assembly, meter: Meter) -> None:
        """Keep the meter current; hidden thoughts leave it unknown until the server reports."""
        if assembly.usage is None and self.capabilities.reasoning:
            return
        most = request.sampling.max_tokens * len(request.seeds)
        ours = Expected(
            prompt_tokens=self.count_prompt(request.messages, request.prefix),
            completion_tokens=min(most, assembly.size),
        )
        meter.usage = spend(assembly.usage, ours, self._model).usage

    def _read(self, request: GenerateRequest, reply: WireReply, meter: Meter) -> GenerateReply:
        placed = slots(_checked(reply), len(request.seeds))
        paid = believed(reply.usage, self._model) or self._paid(request, reply, placed)
        meter.usage = paid.usage
        if not paid.estimated:
            self._count.learn(request.messages, request.prefix, paid.usage.prompt_tokens)
        return GenerateReply(
            completions=completions(placed, request.sampling.stop, paid, self._count),
            usage=paid.usage,
            server_price=paid.server_price,
            estimated=paid.estimated,
        )

    def _paid(self, request: GenerateRequest, reply: WireReply, placed: Slots) -> Spend:
        prompt_tokens = self.count_prompt(request.messages, request.prefix)
        ours = expected(placed, prompt_tokens, self._count, request.sampling.max_tokens)
        return spend(reply.usage, ours, self._model)


def _checked(reply: WireReply) -> WireReply:
    """The reply, unless it is an error under status 200, as gateways send."""
    if not reply.error:
        return reply
    detail = reply.error if isinstance(reply.error, dict) else {"message": str(reply.error)}
    code = detail.get("code") or detail.get("status")
    status = int(code) if isinstance(code, int | str) and str(code).isdecimal() else 502
    raise refusal(status, {}, msgspec.json.encode({"error": detail}))
