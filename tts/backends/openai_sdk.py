"""Models behind the `openai` package, for providers that need its authentication."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import msgspec

from tts.backends.openai_http.bounded import ACCEPTED, LARGEST_REPLY, bounded
from tts.backends.openai_http.errors import Translated, refusal
from tts.backends.openai_http.generator import HTTPGenerator
from tts.backends.openai_http.request import Endpoint, Template, plain_template
from tts.backends.openai_http.usage import PromptCount
from tts.backends.secret import Secret
from tts.errors import BadReply, BadRequest, CallError, CallTimeout, NotSent, Unavailable
from tts.values import Capabilities, Model

if TYPE_CHECKING:
    from openai import AsyncOpenAI

_NEVER_SENT = frozenset({"ConnectError", "ConnectTimeout", "PoolTimeout", "ProxyError"})
"""Names of the transport's exceptions before a request is out (httpx and its successor)."""


class SDKGenerator(HTTPGenerator):
    """`HTTPGenerator` over an `AsyncOpenAI` client (or its Azure kin), whose retries are off.

    Several times the processor time of `HTTPGenerator`: for its authentication only. Without a
    client one is made from `base_url` and `api_key`.
    """

    def __init__(
        self,
        model: Model,
        *,
        client: AsyncOpenAI | None = None,
        base_url: str | None = None,
        api_key: Secret | None = None,
        capabilities: Capabilities | None = None,
        endpoint: Endpoint = "chat",
        template: Template = plain_template,
        prompt_count: PromptCount | None = None,
        extra: Mapping[str, Any] | None = None,
        idle_timeout: float | None = 600.0,
    ) -> None:
        super().__init__(
            model,
            capabilities=capabilities,
            endpoint=endpoint,
            template=template,
            prompt_count=prompt_count,
            extra=extra,
            connection=SDKConnection(
                client, base_url=base_url, api_key=api_key, idle_timeout=idle_timeout
            ),
        )


class SDKConnection:
    """Requests through an `AsyncOpenAI` client, answers as raw bytes."""

    def __init__(
        self,
        client: AsyncOpenAI | None,
        *,
        base_url: str | None = None,
        api_key: Secret | None = None,
        idle_timeout: float | None = 600.0,
    ) -> None:
        secret = api_key or (Secret(str(client.api_key)) if client else None)
        self._given = client and client.with_options(max_retries=0)
        self._made: AsyncOpenAI | None = None
        self._base_url = base_url
        self._api_key = api_key
        self._idle_timeout = idle_timeout
        self._translated = Translated(secret, translate=sdk_error)

    async def post(self, path: str, body: bytes, *, most: int | None = None) -> bytes:
        """The body of a whole answer."""
        async with self.stream(path, body, most=most) as pieces:
            return b"".join([piece async for piece in pieces])

    @asynccontextmanager
    async def stream(
        self, path: str, body: bytes, *, most: int | None = None
    ) -> AsyncIterator[AsyncIterator[bytes]]:
        """The pieces of an answer as they come."""
        async with self._open(path, body) as response:
            encoding = response.headers.get("content-encoding", "")
            yield bounded(response.http_response.aiter_raw(), encoding, most or LARGEST_REPLY)

    async def close(self) -> None:
        """Close the sockets of the client made here; one that was handed in stays open."""
        client, self._made = self._made, None
        if client is not None:
            await client.close()

    @asynccontextmanager
    async def _open(self, path: str, body: bytes) -> AsyncIterator[Any]:
        client = self._client()
        fields = msgspec.json.decode(body)
        named = {key: fields.pop(key) for key in ("model", "messages", "prompt") if key in fields}
        with self._translated:
            create = _create(client, path)
            packed = {"Accept-Encoding": ACCEPTED}
            async with create(**named, extra_body=fields, extra_headers=packed) as response:
                if response.status_code != 200:
                    raise BadReply(f"HTTP {response.status_code} where 200 was expected.")
                yield response

    def _client(self) -> AsyncOpenAI:
        if self._given is not None:
            return self._given
        if self._made is None:
            from openai import AsyncOpenAI, Timeout

            self._made = AsyncOpenAI(
                base_url=self._base_url,
                api_key=self._api_key.reveal() if self._api_key else None,
                max_retries=0,
                timeout=Timeout(None, connect=10.0, read=self._idle_timeout),
            )
        return self._made


def sdk_error(error: BaseException) -> CallError | None:
    """The project's error for one of the `openai` package; None where it is none of its own."""
    import openai

    if isinstance(error, openai.APIStatusError):
        return refusal(error.status_code, error.response.headers, _body(error))
    if isinstance(error, openai.APIConnectionError):
        if type(error.__cause__).__name__ in _NEVER_SENT:
            return NotSent(f"{type(error.__cause__).__name__}: {error.__cause__}")
        said = f"{type(error).__name__}: {error}"
        timed_out = isinstance(error, openai.APITimeoutError)
        return CallTimeout(said) if timed_out else Unavailable(said)
    if isinstance(error, openai.OpenAIError):
        return BadRequest(f"{type(error).__name__}: {error}")
    if type(error).__module__.partition(".")[0] in ("httpx", "httpx2"):
        said = f"{type(error).__name__}: {error}"
        return CallTimeout(said) if "Timeout" in type(error).__name__ else Unavailable(said)
    return None


def _create(client: AsyncOpenAI, path: str) -> Any:
    if path == "/chat/completions":
        return client.chat.completions.with_streaming_response.create
    if path == "/completions":
        return client.completions.with_streaming_response.create
    raise BadRequest(f"The openai package has no way to {path}.")


def _body(error: Any) -> bytes:
    """The server's words; a streamed refusal has only the parsed body."""
    if error.body is not None:
        return msgspec.json.encode({"error": error.body}, enc_hook=str)
    return str(error.message).encode()
