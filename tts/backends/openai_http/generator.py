"""Completions from any server that speaks the OpenAI API."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from math import ceil
from typing import Any, cast

import msgspec
from msgspec.structs import replace

from tts.backends.openai_http.bounded import largest_reply
from tts.backends.openai_http.completions import Assembly, completions, events, own_count, slots
from tts.backends.openai_http.connection import Connection, Transport
from tts.backends.openai_http.errors import Translated, refusal
from tts.backends.openai_http.reply import (
    REPLY,
    WireReply,
    cut_echo,
    decode,
    thoughts,
    written,
)
from tts.backends.openai_http.request import (
    Bodies,
    Dialect,
    Endpoint,
    Template,
    Wording,
    plain_template,
)
from tts.backends.openai_http.usage import (
    Expected,
    PromptCount,
    Spend,
    believed,
    reported_prompt,
    spend,
)
from tts.backends.secret import Secret
from tts.errors import (
    BadReply,
    BadRequest,
    Barred,
    CallError,
    ContextTooLong,
    Unavailable,
    crashed,
)
from tts.protocols import (
    SHOWN,
    Abort,
    Defaults,
    Drawn,
    GenerateReply,
    GenerateRequest,
    Meter,
    TextListener,
    fields_tokens,
)
from tts.values import BYTES_PER_TOKEN, Capabilities, Message, Model, Usage

_ANY: msgspec.json.Decoder[dict[str, Any]] = msgspec.json.Decoder(dict[str, Any])

_TAIL = 64
"""Characters of the prefix that are compared."""


class HTTPGenerator:
    """A model behind `/chat/completions` or `/completions` of an OpenAI-compatible server.

    `base_url` ends in `/v1`. `connection` replaces the one made from `base_url` and `api_key`.
    `slots`: requests that the server works on at once, where it says so. `refused` is told when the
    server refuses a request of this wording.
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
        slots: int | None = None,
        refused: Callable[[], None] | None = None,
    ) -> None:
        self._model, self._slots = model, slots
        self._count = prompt_count or PromptCount()
        self._connection = connection or Connection(
            base_url, api_key=api_key, idle_timeout=idle_timeout
        )
        can = capabilities or Capabilities()
        self._wording = Wording(
            model=model.name,
            endpoint=endpoint,
            dialect=dialect,
            capabilities=replace(can, prefill=True) if endpoint == "completions" else can,
            template=template,
            extra=extra or {},
        )
        self._bodies = Bodies(self._wording)
        self._secret, self._translated = api_key, Translated(api_key)
        self._refused = refused or (lambda: None)
        self._prefix_check = PrefixCheck(self._connection, wording=self._wording)

    @property
    def takes_fields(self) -> bool:
        return self._wording.endpoint == "chat"

    @property
    def defaults(self) -> Defaults:
        return Defaults(most_in_flight=self._slots)

    @property
    def prompt(self) -> bool:
        return isinstance(self._connection, Connection)

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
        try:
            reply = await (
                self._whole(request, meter)
                if listener is None
                else self._streamed(request, meter, listener)
            )
            return self._read(request, reply, meter)
        except CallError as error:
            self._noted(request, meter, error)
            raise

    def begin(self, request: GenerateRequest, meter: Meter, drawn: Drawn) -> Abort | None:
        """Draw without a coroutine, where nothing has to be asked or connected first."""
        if request.prefix and not self._prefix_check.passed(request):
            return None
        try:
            sent = self._bodies.whole(request)
        except BadRequest as error:
            self._noted(request, meter, error)
            raise
        most = largest_reply(request, sent, stream=False)
        told = partial(self._came, request, meter, drawn)
        return cast(Connection, self._connection).begin(self._wording.path, sent, most, told)

    def _came(
        self, request: GenerateRequest, meter: Meter, drawn: Drawn, came: bytes | CallError
    ) -> None:
        try:
            if isinstance(came, CallError):
                raise came
            reply = self._read(request, self._decoded(request, came), meter)
        except CallError as error:
            self._noted(request, meter, error)
            drawn(error)
        except Exception as error:  # noqa: BLE001 — a bug in reading must not leave a call waiting
            drawn(crashed(error))
        else:
            drawn(reply)

    async def close(self) -> None:
        await self._connection.close()

    def _noted(self, request: GenerateRequest, meter: Meter, error: CallError) -> None:
        """What a failure tells of the endpoint, and of what it may have cost; an answer that is
        none may repeat the credential."""
        if self._secret:
            self._translated.scrubbed(error)
        if isinstance(error, BadRequest):
            if not isinstance(error, Barred | ContextTooLong):
                self._refused()
        elif isinstance(error, BadReply):
            meter.usage = self._at_most(request)

    async def _whole(self, request: GenerateRequest, meter: Meter) -> WireReply:
        sent = self._bodies.whole(request)
        most = largest_reply(request, sent, stream=False)
        came = await self._connection.post(self._wording.path, sent, most=most)
        return self._decoded(request, came)

    def _decoded(self, request: GenerateRequest, body: bytes) -> WireReply:
        reply = decode(REPLY, body)
        if request.prefix and self._wording.dialect == "llama_cpp":
            cut_echo(reply, request.prefix)
        return reply

    def _at_most(self, request: GenerateRequest) -> Usage:
        """What an answer that cannot be read may have cost."""
        whole = self._expected(request, request.sampling.max_tokens * len(request.seeds))
        most = replace(whole, prompt_tokens=whole.most_prompt_tokens)
        return spend(None, most, self._model).usage

    async def _streamed(
        self, request: GenerateRequest, meter: Meter, listener: TextListener
    ) -> WireReply:
        sent = self._bodies.streamed(request)
        assembly = Assembly(len(request.seeds))
        most = largest_reply(request, sent, stream=True)
        async with self._connection.stream(self._wording.path, sent, most=most) as pieces:
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
        written_so_far = self._count.estimated_size(assembly.size)
        meter.usage = spend(
            assembly.usage, self._expected(request, written_so_far), self._model
        ).usage

    def _read(self, request: GenerateRequest, reply: WireReply, meter: Meter) -> GenerateReply:
        placed, asked = slots(_checked(reply), len(request.seeds)), request.sampling
        paid = self._believed(request, reply)
        if paid is None:
            ours = own_count(placed, self._count, asked.max_tokens)
            paid = spend(reply.usage, self._expected(request, ours), self._model)
        meter.usage = paid.usage
        drawn = completions(placed, asked, paid, self._count)
        self._learn(request, reply, paid)
        return GenerateReply(
            completions=drawn,
            usage=paid.usage,
            server_price=paid.server_price,
            estimated=paid.estimated,
        )

    def _believed(self, request: GenerateRequest, reply: WireReply) -> Spend | None:
        return believed(
            reply.usage,
            self._model,
            most_prompt=self._most_prompt(request),
            most_completion=request.sampling.max_tokens * len(request.seeds),
        )

    def _expected(self, request: GenerateRequest, completion_tokens: int) -> Expected:
        draws = len(request.seeds)
        return Expected(
            prompt_tokens=self._count.estimate(request.messages, request.prefix)
            + ceil(fields_tokens(request.fields) / BYTES_PER_TOKEN),
            completion_tokens=completion_tokens,
            most_prompt_tokens=self._most_prompt(request),
            most_completion_tokens=request.sampling.max_tokens * draws,
            draws=draws,
        )

    def _most_prompt(self, request: GenerateRequest) -> int:
        most = self.count_prompt(request.messages, request.prefix)
        return most + fields_tokens(request.fields)

    def _learn(self, request: GenerateRequest, reply: WireReply, paid: Spend) -> None:
        """What counts tell of prompts, and of the bytes per token of texts."""
        told = reported_prompt(reply.usage)
        if told is not None and not SHOWN & request.fields.keys():
            self._count.learn(request.messages, request.prefix, told)
        if not paid.estimated and not self._count.knows_texts:
            came = [choice for choice in reply.choices or () if choice is not None]
            thought = "".join(thoughts(choice) or "" for choice in came)
            hidden = 0 if thought else paid.usage.reasoning_tokens
            visible = paid.usage.completion_tokens - hidden
            self._count.learn_text("".join(map(written, came)) + thought, visible)


def _checked(reply: WireReply) -> WireReply:
    """The reply, unless it is an error under status 200, as gateways send."""
    if not reply.error:
        return reply
    detail = reply.error if isinstance(reply.error, dict) else {"message": str(reply.error)}
    code = str(detail.get("code") or detail.get("status"))
    status = int(code) if len(code) == 3 and code.isdecimal() else 502
    raise refusal(status, {}, msgspec.json.encode({"error": detail}))


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

    def passed(self, request: GenerateRequest) -> bool:
        """Whether it is known that the end of the prefix stays."""
        if self._wording.endpoint != "chat" or self._wording.dialect != "vllm":
            return True
        return self._verdicts.get(_ending(request.prefix), False)

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
