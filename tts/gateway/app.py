"""The gateway as an ASGI application."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Mapping
from typing import Any, Protocol

import msgspec
from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from tts.engine.registry import STRATEGIES
from tts.gateway.answers import Outcome
from tts.gateway.asking import Ask, Wish, asked
from tts.gateway.chat import Chat
from tts.gateway.completions import Completions
from tts.gateway.desk import Desk
from tts.gateway.errors import ApiError, translated
from tts.gateway.keys import Key
from tts.gateway.responses import Responses
from tts.gateway.streaming import Writer, stream
from tts.gateway.wire import Gone, answer, body_of, unless_gone

_encode = msgspec.json.encode


class Api(Protocol):
    """One form of the API."""

    def read(self, body: bytes) -> Wish:
        """What a body asks for; raises `ApiError`."""
        ...

    def whole(self, outcome: Outcome) -> dict[str, Any]:
        """The body of an answer in one piece."""
        ...

    def writer(self, ask: Ask) -> Writer:
        """What writes the events of a stream."""
        ...


def application(desk: Desk) -> Starlette:
    """The routes of `/v1` on a desk, which its opener closes."""
    return Starlette(
        routes=[
            Route("/v1/chat/completions", Endpoint(desk, Chat()), methods=["POST"]),
            Route("/v1/completions", Endpoint(desk, Completions()), methods=["POST"]),
            Route("/v1/responses", Endpoint(desk, Responses()), methods=["POST"]),
            Route("/v1/models", Models(desk), methods=["GET"]),
            Route("/v1/models/{name:path}", Models(desk), methods=["GET"]),
            Route("/health", health, methods=["GET"]),
        ],
        exception_handlers={HTTPException: _no_route},
    )


class Endpoint:
    """One path: reads, runs and answers, or says in the API's shape why not."""

    def __init__(self, desk: Desk, api: Api) -> None:
        self._desk, self._api = desk, api

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = Headers(scope=scope)
        try:
            await self._serve(headers, receive, send)
        except Gone:
            return
        except Exception as error:  # noqa: BLE001 whatever it is, the client is told in its shape
            told = translated(error)
            await answer(send, told.status, told.body, told.headers)

    async def _serve(self, headers: Headers, receive: Receive, send: Send) -> None:
        desk = self._desk
        key = key_of(desk, headers)
        with desk.entered(key):
            length, most = headers.get("content-length", ""), desk.settings.most_bytes
            wish = self._api.read(await body_of(receive, length, most=most))
            ask = asked(
                wish,
                headers,
                key=key,
                settings=desk.settings,
                sessions=desk.sessions,
            )
            if wish.stream:
                work = stream(desk, ask, self._api.writer(ask), send)
                return await unless_gone(work, receive)
            outcome = await unless_gone(desk.solve(ask), receive)
            await answer(send, 200, _encode(self._api.whole(outcome)), outcome.headers)


def key_of(desk: Desk, headers: Mapping[str, str]) -> Key:
    """Whose request it is; 401 where nobody's."""
    scheme, _, secret = headers.get("authorization", "").partition(" ")
    key = desk.settings.keys.find(secret.strip() if scheme.lower() == "bearer" else "")
    if key is None:
        raise ApiError(401, "Incorrect API key provided.", code="invalid_api_key")
    return key


class Models:
    """What may stand as `model`: each model, and each with a strategy or policy behind an @."""

    def __init__(self, desk: Desk) -> None:
        self._desk, self._began = desk, int(time.time())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            key = key_of(self._desk, Headers(scope=scope))
            body = self._told(scope.get("path_params", {}).get("name", ""), key)
            await answer(send, 200, _encode(body), {})
        except ApiError as error:
            await answer(send, error.status, error.body, error.headers)

    def _told(self, name: str, key: Key) -> dict[str, Any]:
        names = list(self._names(key))
        if not name:
            return {"object": "list", "data": [self._model(one) for one in names]}
        if name not in names:
            raise ApiError(404, f"There is no model {name!r} here.", code="model_not_found")
        return self._model(name)

    def _names(self, key: Key) -> Iterator[str]:
        policies = self._desk.settings.policies
        for model in self._desk.sessions:
            yield model
            for name in dict.fromkeys([*policies, *STRATEGIES.names()]):
                if not key.strategies or name in key.strategies:
                    yield f"{model}@{name}"

    def _model(self, name: str) -> dict[str, Any]:
        return {"id": name, "object": "model", "created": self._began, "owned_by": "tts"}


async def health(request: Request) -> Response:
    """That the event loop turns."""
    await asyncio.sleep(0)
    return Response(b'{"status":"ok"}', media_type="application/json")


async def _no_route(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 404
    told = ApiError(status, f"There is no {request.method} {request.url.path} here.")
    return Response(told.body, status, media_type="application/json")
