"""Continuous batching on one thread: rows join and leave between steps."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from tts.backends.embedded.draw import Draw
from tts.backends.embedded.folder import Floats
from tts.backends.embedded.kv_cache import KvCache, PrefixCache
from tts.backends.embedded.sampler import SamplerRows, sample
from tts.backends.embedded.tokenizer import EmbeddedTokenizer
from tts.backends.embedded.transformer import Transformer
from tts.errors import CallError, Unavailable
from tts.values import TokenLogprob

WORKING = 1 << 28
"""Bytes of the largest array of one pass: what every new token may look at, in every head."""
_CLOSED = "The embedded model is closed."


class Scheduler:
    """Runs a decoder on one background thread, which starts with the first draw."""

    def __init__(self, decoder: Decoder, name: str) -> None:
        self._decoder = decoder
        self._name = name
        self._waiting: deque[Draw] = deque()
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._closed = False

    def submit(self, draws: Sequence[Draw]) -> None:
        """Queue draws from any thread; raises Unavailable after `close`."""
        with self._changed:
            if self._closed:
                raise Unavailable(_CLOSED)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
                self._thread.start()
            self._waiting.extend(draws)
            self._changed.notify()

    def close(self) -> None:
        """End the thread after its current step; draws that are not done end with an error."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        while (arrived := self._arrivals()) is not None:
            lost = (*arrived, *self._decoder.active)
            try:
                self._decoder.join(arrived)
                self._decoder.step()
            except Exception as error:  # noqa: BLE001 — the thread must outlive any one batch
                self._fail(lost, Unavailable(f"The embedded model failed: {error!r}"))
                arrived.clear()
            with self._changed:
                self._waiting.extendleft(reversed(arrived))
        self._fail((*self._waiting, *self._decoder.active), Unavailable(_CLOSED))

    def _arrivals(self) -> deque[Draw] | None:
        """The waiting draws, once there is any work; None when closed."""
        with self._changed:
            self._changed.wait_for(
                lambda: self._closed or bool(self._waiting) or bool(self._decoder.active)
            )
            if self._closed:
                return None
            arrived = self._waiting
            self._waiting = deque()
            return arrived

    def _fail(self, lost: Sequence[Draw], error: CallError) -> None:
        self._decoder.clear()
        for draw in lost:
            if draw.finish_reason is None:
                draw.observer.ended(draw, error)


class Decoder:
    """A batch of at most `rows` draws, advanced one token per step; for one thread only.

    Draws of one prompt that join together share one prefill, and a prompt that continues a text
    of the prefix cache computes its new tokens only.
    """

    def __init__(
        self,
        transformer: Transformer,
        tokenizer: EmbeddedTokenizer,
        rows: int,
        prefix_tokens: int,
        tokens: int | None = None,
    ) -> None:
        """`tokens`: the most of all rows together, None: as many as come."""
        self._transformer = transformer
        self._tokenizer = tokenizer
        self._cache = KvCache(transformer.config, rows, tokens=tokens)
        self._prefixes = PrefixCache(transformer.config, prefix_tokens)
        self._active: list[Draw] = []

    @property
    def active(self) -> tuple[Draw, ...]:
        """The draws in the batch."""
        return tuple(self._active)

    def join(self, waiting: deque[Draw]) -> None:
        """Take draws from the queue while rows are free, and draw their first tokens.

        They come in turn: one that is too long for the room that is left waits, and those behind
        it wait too.
        """
        joined: dict[tuple[int, ...], list[Draw]] = {}
        count, longest = len(self._active), max(map(_most, self._active), default=0)
        while waiting:
            if waiting[0].cancelled:
                waiting.popleft()
                continue
            longest = max(longest, _most(waiting[0]))
            if count and not self._cache.holds(count + 1, longest):
                break
            draw = waiting.popleft()
            joined.setdefault(draw.prompt, []).append(draw)
            count += 1
        if not joined:
            return
        groups, most = list(joined.values()), max(map(len, joined))
        self._cache.reserve(most, count)
        # A short prompt beside a long kept one fills up to the places of both.
        together = self._cache.holds(count, 2 * most)
        for part in [groups] if together else [[group] for group in groups]:
            self._prefill(part)

    def step(self) -> None:
        """Draw the next token of every row; ended and cancelled draws leave first."""
        self._leave()
        if not self._active:
            return
        last = np.array([[draw.tokens[-1]] for draw in self._active])
        starts = np.array([len(draw.prompt) + len(draw.tokens) - 1 for draw in self._active])
        hidden = self._transformer.forward(last, starts, self._cache)
        self._advance(self._active, self._transformer.logits(hidden[:, 0]))
        self._leave()

    def clear(self) -> None:
        """Forget every draw."""
        self._active.clear()

    def _prefill(self, groups: list[list[Draw]]) -> None:
        first_row = len(self._active)
        prompts = [group[0].prompt for group in groups]
        starts = np.array(
            [self._restore(first_row + index, group[0]) for index, group in enumerate(groups)]
        )
        fresh = [len(prompt) - start for prompt, start in zip(prompts, starts, strict=True)]
        tokens = np.zeros((len(groups), max(fresh)), dtype=np.intp)
        for row, (prompt, start, count) in enumerate(zip(prompts, starts, fresh, strict=True)):
            tokens[row, :count] = prompt[start:]
        logits = self._transformer.logits(self._read(tokens, starts, np.array(fresh) - 1))
        sources = [row for row, group in enumerate(groups) for _ in group[1:]]
        shared = [draw for group in groups for draw in group[1:]]
        for offset, source in enumerate(sources):
            shared[offset].cached = len(prompts[source])
            row = first_row + len(groups) + offset
            self._cache.copy_row(first_row + source, row, len(prompts[source]))
        joined = [group[0] for group in groups] + shared
        self._active += joined
        self._advance(joined, logits[[*range(len(groups)), *sources]])
        self._leave()

    def _read(
        self, tokens: NDArray[np.intp], starts: NDArray[np.intp], ends: NDArray[np.intp]
    ) -> Floats:
        """The hidden state (rows, hidden) at `ends` (rows,) of ids (rows, tokens); so many tokens
        at once that what they look at fits the working memory."""
        rows, count = tokens.shape
        first_row, config = len(self._active), self._transformer.config
        looks = rows * config.heads * (int(starts.max()) + count) * np.float32().itemsize
        stride = max(1, WORKING // looks)
        found = np.empty((rows, config.hidden), np.float32)
        for begin in range(0, count, stride):
            part = tokens[:, begin : begin + stride]
            hidden = self._transformer.forward(part, starts + begin, self._cache, first_row)
            (here,) = np.nonzero((ends >= begin) & (ends < begin + stride))
            found[here] = hidden[here, ends[here] - begin]
        return found

    def _restore(self, row: int, draw: Draw) -> int:
        """Fill a row from the prefix cache; returns how many prompt tokens need no computing."""
        found = self._prefixes.longest(draw.prompt)
        if found is None:
            return 0
        # The last prompt token is always computed: its logits give the first drawn token.
        length = min(found[0], len(draw.prompt) - 1)
        self._prefixes.restore(found[1][:length], self._cache, row)
        draw.cached = length
        return length

    def _advance(self, draws: Sequence[Draw], logits: Floats) -> None:
        chosen = sample(logits, _sampler_rows(draws))
        reports = token_logprobs(logits, chosen, draws, self._tokenizer)
        end = self._transformer.config.end_tokens
        for draw, token, report in zip(draws, chosen.tolist(), reports, strict=True):
            if report is not None:
                draw.logprobs.append(report)
            draw.append(token, self._tokenizer.piece(token), is_end=token in end)

    def _leave(self) -> None:
        for row in reversed(range(len(self._active))):
            draw = self._active[row]
            if not (draw.cancelled or draw.finish_reason):
                continue
            read = (*draw.prompt, *draw.tokens[:-1])
            self._prefixes.put(read, self._cache, row)
            mover = self._active.pop()
            if mover is not draw:
                length = len(mover.prompt) + len(mover.tokens) - 1
                self._cache.copy_row(len(self._active), row, length)
                self._active[row] = mover
            draw.observer.ended(draw, None)


def _most(draw: Draw) -> int:
    """Tokens that a draw may come to."""
    return len(draw.prompt) + draw.sampling.max_tokens


def _sampler_rows(draws: Sequence[Draw]) -> SamplerRows:
    def column(values: list[float]) -> Floats:
        return np.array(values, dtype=np.float32)

    def whole(values: list[int]) -> NDArray[np.uint64]:
        return np.array(values, dtype=np.uint64)

    return SamplerRows(
        temperature=column([draw.sampling.temperature for draw in draws]),
        top_p=column([draw.sampling.top_p for draw in draws]),
        top_k=np.array([draw.sampling.top_k for draw in draws], dtype=np.intp),
        seeds=whole([draw.seed for draw in draws]),
        counters=whole([len(draw.tokens) for draw in draws]),
    )


def token_logprobs(
    logits: Floats,
    chosen: NDArray[np.intp],
    draws: Sequence[Draw],
    tokenizer: EmbeddedTokenizer,
) -> list[TokenLogprob | None]:
    """One report per draw that asked for one: of the model's own distribution, before
    temperature, top_p and top_k. `logits` is (draws, vocabulary), `chosen` (draws,)."""
    reports: list[TokenLogprob | None] = [None] * len(draws)
    asked = [row for row, draw in enumerate(draws) if draw.sampling.logprobs is not None]
    if not asked:
        return reports
    raised = logits[asked] - logits[asked].max(axis=1, keepdims=True)
    logs = raised - np.log(np.exp(raised).sum(axis=1, keepdims=True))
    for row, own in zip(asked, logs, strict=True):
        count = draws[row].sampling.logprobs or 0
        best = np.argsort(-own, kind="stable")[:count]
        top = tuple((tokenizer.name(int(token)), float(own[token])) for token in best)
        token = int(chosen[row])
        reports[row] = TokenLogprob(tokenizer.name(token), float(own[token]), top)
    return reports
