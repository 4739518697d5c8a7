"""The generator over a model in vLLM: its conversations as token ids, and its draws as their outputs arrive."""

# pyright: reportMissingImports=false, reportAttributeAccessIssue=false

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import msgspec

from tts.backends.openai_http import plain_template
from tts.backends.vllm.engine import EngineLoad, VLLMEngine, VLLMSettings
from tts.backends.vllm.kernels import facts_of
from tts.errors import BadReply
from tts.protocols import Defaults, GenerateReply, GenerateRequest, Meter, TextListener
from tts.values import (
    Capabilities,
    Completion,
    FinishReason,
    Message,
    Model,
    Piece,
    Sampling,
    TokenLogprob,
    Usage,
)

_CAPABILITIES = Capabilities(n=True, prefill=True, logprobs=True, seed=True, keeps_stop=True)
_REMEMBERED = 4096
_SEED_BITS = (1 << 63) - 1
_REASONS: Mapping[str, FinishReason] = {
    "stop": "stop",
    "length": "length",
    "repetition": "length",
}
"""vLLM's words; a draw that was ended since it went in circles was cut."""


class VLLMGenerator:
    """Draws through `AsyncLLM` in process; the prefix cache reads a shared prompt once.

    Every draw is a request of its own with its own seed, so that one can be cancelled alone.
    Without seeds a fresh run draws anew; a resumed one finds its draws in the ledger anyway.
    """

    def __init__(self, engine: VLLMEngine, *, seeded: bool | None = None) -> None:
        """`seeded`: whether draws have seeds; None: what the engine's settings say."""
        self.engine = engine
        self._seeded = engine.settings.seeded if seeded is None else seeded
        self._chat = Chat(engine.tokenizer)

    @classmethod
    async def open(cls, settings: VLLMSettings, *, load: EngineLoad | None = None) -> VLLMGenerator:
        """Load a model; raises UsageError where that is impossible."""
        return cls(await VLLMEngine.open(settings, load=load))

    @property
    def model(self) -> Model:
        return self.engine.model

    @property
    def capabilities(self) -> Capabilities:
        """Everything but reasoning; draws are not coalesced, the prefix cache does the same."""
        return msgspec.structs.replace(_CAPABILITIES, seed=self._seeded)

    @property
    def defaults(self) -> Defaults:
        return self.engine.settings.defaults

    @property
    def served(self) -> Mapping[str, Any]:
        """Device, kernels and features that really serve, for the manifest."""
        return dict(msgspec.to_builtins(facts_of(self.engine.llm.vllm_config)))

    def count_prompt(self, messages: Sequence[Message], prefix: str) -> int:
        """The exact number of prompt tokens."""
        return len(self._chat.encode(messages, prefix))

    def prompt_ids(self, messages: Sequence[Message], prefix: str = "") -> tuple[int, ...]:
        """The ids that a prompt is sent as."""
        return self._chat.encode(messages, prefix)

    async def generate(
        self, request: GenerateRequest, meter: Meter, listener: TextListener | None = None
    ) -> GenerateReply:
        """Draw. Cancelling it frees the requests; `meter` then holds what they had drawn.

        Raises ContextTooLong, BadRequest, or Unavailable where the engine failed or was closed.
        """
        prompt = self._chat.encode(request.messages, request.prefix)
        self.engine.check_length(len(prompt) + request.sampling.max_tokens)
        drawn = [DrawnText(request.sampling.logprobs) for _ in request.seeds]
        try:
            await self._draw_all(prompt, request, drawn, listener)
        finally:
            meter.usage = self._usage(len(prompt), drawn)
        completions = tuple(one.completion() for one in drawn)
        return GenerateReply(completions=completions, usage=meter.usage)

    async def close(self) -> None:
        await self.engine.close()

    async def _draw_all(
        self,
        prompt: Sequence[int],
        request: GenerateRequest,
        drawn: Sequence[DrawnText],
        listener: TextListener | None,
    ) -> None:
        draws = [
            self._draw(prompt, request, position, text, listener)
            for position, text in enumerate(drawn)
        ]
        if len(draws) == 1:
            await draws[0]
            return
        tasks = [asyncio.ensure_future(draw) for draw in draws]
        try:
            await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _draw(
        self,
        prompt: Sequence[int],
        request: GenerateRequest,
        position: int,
        drawn: DrawnText,
        listener: TextListener | None,
    ) -> None:
        seed = request.seeds[position] if self._seeded else None
        streamed = listener is not None
        params = sampling_params(request.sampling, seed, streamed=streamed)
        async with self.engine.request(prompt, params) as collector:
            try:
                await self._collect(collector, position, drawn, listener)
            except BaseException:
                drawn.lost(self.engine.drawn(collector))
                raise

    async def _collect(
        self, collector: Any, position: int, drawn: DrawnText, listener: TextListener | None
    ) -> None:
        finished = False
        while not finished:
            output = collector.get_nowait() or await collector.get()
            finished = output.finished
            text = drawn.add(output)
            if listener is not None and text:
                listener(position, text)

    def _usage(self, prompt: int, drawn: Sequence[DrawnText]) -> Usage:
        """What the request cost: its prompt once per draw, what the cache held marked so."""
        size, completion = self.model.parameters, sum(one.tokens for one in drawn)
        cached = sum(one.cached for one in drawn)
        read = prompt * len(drawn)
        computed = read - cached + completion
        return Usage(
            calls=1,
            prompt_tokens=read,
            cached_prompt_tokens=cached,
            completion_tokens=completion,
            flops=None if size is None else 2 * size * computed,
            gpu_microseconds=None,
        )


class Chat:
    """A model's own chat template and tokenizer; a plain wording where it has no template."""

    def __init__(self, tokenizer: Any) -> None:
        self._tokenizer = tokenizer
        self._encoded = lru_cache(maxsize=_REMEMBERED)(self._encode)

    def encode(self, messages: Sequence[Message], prefix: str = "") -> tuple[int, ...]:
        """The ids up to the assistant's turn, and of that turn so far.

        The partial text is appended to the rendered template, so that no template can trim it.
        """
        return self._encoded(tuple(messages), prefix)

    def _encode(self, messages: tuple[Message, ...], prefix: str) -> tuple[int, ...]:
        text = self._rendered(messages) + prefix
        return tuple(self._tokenizer.encode(text, add_special_tokens=False))

    def _rendered(self, messages: tuple[Message, ...]) -> str:
        if not getattr(self._tokenizer, "chat_template", None):
            return plain_template(messages)
        turns = [{"role": turn.role, "content": turn.content} for turn in messages]
        rendered: str = self._tokenizer.apply_chat_template(
            turns, tokenize=False, add_generation_prompt=True
        )
        return rendered


def sampling_params(sampling: Sampling, seed: int | None, *, streamed: bool) -> Any:
    """`SamplingParams` of one draw, unseeded where `seed` is None; stop strings stay in the text."""
    from vllm import SamplingParams
    from vllm.sampling_params import RequestOutputKind

    kind = RequestOutputKind.DELTA if streamed else RequestOutputKind.FINAL_ONLY
    return SamplingParams(
        temperature=sampling.temperature,
        top_p=sampling.top_p,
        top_k=sampling.top_k,
        max_tokens=sampling.max_tokens,
        stop=list(sampling.stop) or None,
        include_stop_str_in_output=True,
        logprobs=sampling.logprobs,
        seed=None if sampling.greedy or seed is None else seed & _SEED_BITS,
        output_kind=kind,
        skip_clone=True,
    )


class DrawnText:
    """Joins the parts of a streamed draw; a draw that is not streamed has one part."""

    def __init__(self, alternatives: int | None) -> None:
        self._alternatives = alternatives
        self._text: list[str] = []
        self._ids: list[int] = []
        self._logprobs: list[TokenLogprob] = []
        self._last: Any = None
        self._lost = 0
        self.cached = 0
        """Prompt tokens found in the prefix cache."""

    def add(self, output: Any) -> Piece:
        """Take a `RequestOutput`; returns its new text."""
        part = output.outputs[0]
        self._last = part
        self._text.append(part.text)
        self._ids.extend(part.token_ids)
        reports = token_logprobs(part.logprobs, part.token_ids, self._alternatives)
        self._logprobs.extend(reports)
        self.cached = output.num_cached_tokens or 0
        return Piece(str(part.text), tuple(reports))

    def lost(self, drawn: int) -> None:
        """The draw was given up after so many tokens, of which some may not have arrived."""
        self._lost = max(0, drawn - len(self._ids))

    @property
    def tokens(self) -> int:
        """What was drawn, arrived or not."""
        return len(self._ids) + self._lost

    def completion(self) -> Completion:
        """The whole draw; raises BadReply where vLLM gave it up."""
        reason = _REASONS.get(self._last.finish_reason or "")
        if reason is None:
            raise BadReply(f"vLLM ended the draw with {self._last.finish_reason!r}.")
        matched = self._last.stop_reason
        return Completion(
            text="".join(self._text),
            finish_reason=reason,
            stop=matched if isinstance(matched, str) else None,
            completion_tokens=len(self._ids),
            token_ids=tuple(self._ids),
            logprobs=tuple(self._logprobs),
        )


def token_logprobs(listed: Any, ids: Sequence[int], alternatives: int | None) -> list[TokenLogprob]:
    """One report per token, of the model's own distribution, best alternatives first."""
    if listed is None or alternatives is None:
        return []
    reports: list[TokenLogprob] = []
    for token, found in zip(ids, listed, strict=True):
        best = sorted(found.values(), key=lambda one: one.rank or 0)[:alternatives]
        top = tuple((one.decoded_token or "", one.logprob) for one in best)
        own = found[token]
        reports.append(TokenLogprob(own.decoded_token or "", own.logprob, top))
    return reports
