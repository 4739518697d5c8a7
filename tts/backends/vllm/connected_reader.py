"""What every reader of a head behind a server holds."""

from __future__ import annotations

from tts.backends.openai_http import Connection, Transport
from tts.backends.secret import Secret
from tts.errors import ContextTooLong
from tts.values import Model


class ConnectedReader:
    """A model and the way to its server; readers of the three routes add how they ask."""

    def __init__(
        self,
        model: Model,
        *,
        base_url: str = "",
        api_key: Secret | None = None,
        connection: Transport | None = None,
    ) -> None:
        self._model = model
        self._connection: Transport = connection or Connection(base_url, api_key=api_key)

    @property
    def model(self) -> Model:
        return self._model

    async def close(self) -> None:
        await self._connection.close()

    def _check_length(self, tokens: int) -> None:
        """Raises ContextTooLong where so many tokens are known not to fit."""
        holds = self._model.context_length
        if holds is not None and tokens > holds:
            raise ContextTooLong(f"{tokens} tokens; {self._model.name} holds {holds}.")
