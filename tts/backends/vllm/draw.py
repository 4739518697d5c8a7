"""One draw: our sampling as vLLM's, and its text as the outputs arrive."""

# pyright: reportMissingImports=false, reportAttributeAccessIssue=false

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tts.errors import BadReply
from tts.values import Completion, FinishReason, Piece, Sampling, TokenLogprob

_SEED_BITS = (1 << 63) - 1
_REASONS: Mapping[str, FinishReason] = {"stop": "stop", "length": "length"}


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
