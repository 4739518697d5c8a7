"""The label tokens of a language model behind vLLM: process rewards without a head of their own."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from msgspec import Struct

from tts.backends.openai_http import Transport
from tts.backends.openai_http.reply import decode
from tts.backends.secret import Secret
from tts.backends.vllm.head_reader import KeptVectors
from tts.backends.vllm.server import ConnectedReader
from tts.errors import BadReply
from tts.protocols import MarkedRow, RowReading, Vector
from tts.values import Model

TOP = 20
"""The most alternatives that vLLM reports unless it was started with more."""


class _Logprob(Struct):
    logprob: float


Reported = Sequence[Mapping[str, _Logprob] | None]


class _Drawn(Struct):
    top_logprobs: list[dict[str, float] | None] | None = None


class _Choice(Struct):
    prompt_logprobs: list[dict[str, _Logprob] | None] | None = None
    logprobs: _Drawn | None = None


class _Completion(Struct):
    choices: list[_Choice]


_COMPLETION = msgspec.json.Decoder(_Completion)


class VLLMLabelReader(ConnectedReader):
    """Two tokens of a language model's head: log-probabilities of the labels behind each mark.

    A text that grew by a step since it was last read takes one request for its new mark: the next
    token's log-probabilities of the labels (`logprob_token_ids`), beside a prefix cache that spares
    the server what it has read before. Several new marks take one request of `prompt_logprobs`,
    which reads the whole row, and one more for each mark at which a label is not among the `top`
    alternatives. So both labels are exact, however unlikely they are.

    A server that leaves `logprob_token_ids` unread is asked as before it had them: a label is put
    behind the mark as the next token, since a token that stands in the prompt is always reported.
    """

    def __init__(
        self,
        model: Model,
        *,
        labels: Sequence[int],
        base_url: str = "",
        api_key: Secret | None = None,
        connection: Transport | None = None,
        top: int = TOP,
    ) -> None:
        """`labels`: the ids of the classes, the good one first."""
        super().__init__(model, base_url=base_url, api_key=api_key, connection=connection)
        self._labels, self._top = tuple(labels), top
        self._kept = KeptVectors()
        self._by_id = True
        """Until a server has shown that it does not report tokens by their ids."""

    async def read(self, row: MarkedRow) -> RowReading:
        """One log-probability per label and mark; their differences are those of the logits."""
        found = self._kept.known(row)
        new = sorted({*row.marks} - found.keys())
        tokens = 0
        if new:
            self.check_length(new[-1] + 3)
            read, tokens = await self._new(row, new)
            found |= read
        vectors = tuple(found[mark] for mark in row.marks)
        self._kept.keep(row, vectors)
        return RowReading(vectors=vectors, computed_tokens=tokens)

    async def _new(self, row: MarkedRow, marks: Sequence[int]) -> tuple[dict[int, Vector], int]:
        """The vectors of marks that were never read, and the tokens of what was asked."""
        if len(marks) == 1 and self._by_id:
            vector, tokens = await self._next(row.ids[: marks[0] + 1])
            if vector is not None:
                return {marks[0]: vector}, tokens
        # The last mark needs a token behind it; which one, its own alternatives do not depend on.
        ids = (*row.ids[: marks[-1] + 1], self._labels[0])
        reported = await self._reported(ids, self._top)
        read = await asyncio.gather(*(self._at(mark, row, reported) for mark in marks))
        vectors = {mark: vector for mark, (vector, _) in zip(marks, read, strict=True)}
        return vectors, len(ids) + sum(tokens for _, tokens in read)

    async def _at(self, mark: int, row: MarkedRow, reported: Reported) -> tuple[Vector, int]:
        """A mark's vector, and the tokens of the requests that it took beside the first."""
        known = {label: _logprob(reported, mark + 1, label) for label in self._labels}
        missing = [label for label, found in known.items() if found is None]
        spent = 0
        if missing and self._by_id:
            vector, spent = await self._next(row.ids[: mark + 1])
            if vector is not None:
                return vector, spent
        texts = [(*row.ids[: mark + 1], label) for label in missing]
        for text, told in zip(
            texts, await asyncio.gather(*(self._reported(text, 0) for text in texts)), strict=True
        ):
            known[text[-1]] = _logprob(told, mark + 1, text[-1])
        vector = tuple(found for found in known.values() if found is not None)
        if len(vector) < len(self._labels):
            raise BadReply("The server did not report a token of its own prompt.")
        return vector, spent + sum(map(len, texts))

    async def _next(self, ids: Sequence[int]) -> tuple[Vector | None, int]:
        """The labels as the next token of a text; None where the server does not tell them."""
        asked = {
            "prompt": ids,
            "logprobs": len(self._labels),
            "logprob_token_ids": self._labels,
            "return_tokens_as_token_ids": True,
        }
        told = (await self._choice(asked)).logprobs
        first = (told.top_logprobs[0] if told and told.top_logprobs else None) or {}
        vector = [first.get(f"token_id:{label}") for label in self._labels]
        known = tuple(found for found in vector if found is not None)
        if len(known) == len(self._labels):
            return known, len(ids)
        self._by_id = False
        return None, len(ids)

    async def _reported(self, ids: Sequence[int], top: int) -> Reported:
        reported = (await self._choice({"prompt": ids, "prompt_logprobs": top})).prompt_logprobs
        if reported is None or len(reported) != len(ids):
            count = 0 if reported is None else len(reported)
            raise BadReply(f"Log-probabilities of {count} tokens came for {len(ids)}.")
        return reported

    async def _choice(self, asked: Mapping[str, Any]) -> _Choice:
        body = {"model": self._model.name, "max_tokens": 1, "temperature": 0.0, **asked}
        answer = await self._connection.post("/completions", msgspec.json.encode(body))
        choices = decode(_COMPLETION, answer).choices
        return choices[0] if choices else _Choice()


def _logprob(reported: Reported, place: int, token: int) -> float | None:
    found = (reported[place] or {}).get(str(token))
    return None if found is None else found.logprob
