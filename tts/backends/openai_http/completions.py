"""The draws of a reply, whole or streamed, with their shares of its bill."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Any

from tts.backends.openai_http.reply import (
    WireChoice,
    WireLogprobs,
    WireMessage,
    WireReply,
    content,
    ending,
    refused,
    thoughts,
    token_logprobs,
    tool_calls,
    with_stop,
    written,
)
from tts.backends.openai_http.usage import PromptCount, Spend
from tts.values import Completion, Piece, Sampling, TokenLogprob


async def events(pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The data of each event, however the bytes were cut on their way.

    Lines end in LF or CRLF; comments and other fields are skipped; data lines of one event are
    joined by LF. An event that the stream's end cuts off counts, as the last line of a server that
    omits the final blank one. (WHATWG HTML, section 9.2.)
    """
    rest, data = b"", list[bytes]()
    async for piece in pieces:
        *lines, rest = (rest + piece).split(b"\n")
        for line in lines:
            bare = line.removesuffix(b"\r")
            if not bare and data:
                yield b"\n".join(data)
                data.clear()
            data.extend(_data(bare))
    data.extend(_data(rest.removesuffix(b"\r")))
    if data:
        yield b"\n".join(data)


def _data(line: bytes) -> tuple[bytes, ...]:
    if not line.startswith(b"data:"):
        return ()
    return (line[5:].removeprefix(b" "),)


class Assembly:
    """Collects the chunks of a stream into the reply that would have come in one piece."""

    def __init__(self, n: int) -> None:
        self._drafts = [_Draft() for _ in range(n)]
        self._usage: Any = None
        self._closed = False
        self.size = 0
        """UTF-8 bytes of everything that came: at least as many as tokens."""

    def add(self, chunk: WireReply) -> list[tuple[int, str]]:
        """Take a chunk; the (draw, new text) pairs that it brought."""
        self._closed = chunk.usage is not None and not chunk.choices
        if chunk.usage is not None:
            self._usage = chunk.usage
        fresh = list[tuple[int, str]]()
        for position, choice in enumerate(chunk.choices or ()):
            if choice is None:
                continue
            index = position if choice.index is None else choice.index
            if 0 <= index < len(self._drafts):
                text, size = self._drafts[index].add(choice)
                self.size += size
                piece = Piece(text, token_logprobs(choice.logprobs))
                fresh.extend([(index, piece)] if text else ())
        return fresh

    @property
    def usage(self) -> Any:
        """The last usage that a chunk carried."""
        return self._usage

    @property
    def complete(self) -> bool:
        """Whether every draw that began has ended, or a bill without draws closed the stream."""
        begun = [draft for draft in self._drafts if draft.begun]
        ended = all(draft.last.finish_reason for draft in begun)
        return bool(begun) and (ended or self._closed)

    @property
    def reply(self) -> WireReply:
        """What has come so far."""
        choices = [
            draft.choice(index) if draft.begun else None for index, draft in enumerate(self._drafts)
        ]
        return WireReply(choices=choices, usage=self._usage)


class _Draft:
    """One draw as it grows."""

    def __init__(self) -> None:
        self.begun = False
        self.last = WireChoice()
        self._text: list[str] = []
        self._thoughts: list[str] = []
        self._refusal: list[str] = []
        self._tool_calls: Any = None
        self._ids: list[int] = []
        self._logprobs = WireLogprobs()

    def add(self, chunk: WireChoice) -> tuple[str, int]:
        """Take a piece; its text, and the bytes of its text and thoughts."""
        self.begun = True
        piece = WireChoice(message=chunk.delta, text=chunk.text)
        text, thought, refusal = content(piece), thoughts(piece) or "", refused(piece)
        self._text.append(text)
        self._thoughts.append(thought)
        self._refusal.append(refusal)
        if chunk.delta is not None:
            self._tool_calls = self._tool_calls or chunk.delta.tool_calls
        self._ids.extend(chunk.token_ids or ())
        if chunk.logprobs is not None:
            _extend(self._logprobs, chunk.logprobs)
        if chunk.finish_reason:
            self.last = chunk
        return text, len(f"{text}{thought}{refusal}".encode("utf-8", "replace"))

    def choice(self, index: int) -> WireChoice:
        message = WireMessage(
            content="".join(self._text),
            reasoning_content="".join(self._thoughts) or None,
            refusal="".join(self._refusal) or None,
            tool_calls=self._tool_calls,
        )
        return WireChoice(
            index=index,
            message=message,
            finish_reason=self.last.finish_reason,
            stop_reason=self.last.stop_reason,
            matched_stop=self.last.matched_stop,
            logprobs=self._logprobs,
            token_ids=self._ids,
        )


def _extend(whole: WireLogprobs, more: WireLogprobs) -> None:
    for name in ("content", "tokens", "token_logprobs", "top_logprobs"):
        fresh, kept = getattr(more, name), getattr(whole, name)
        if fresh and kept is None:
            setattr(whole, name, fresh)
        elif fresh:
            kept.extend(fresh)


Slots = list[WireChoice | None]


def slots(reply: WireReply, n: int) -> Slots:
    """One choice per draw by its index, None where the server left it out; extras are dropped."""
    placed: Slots = [None] * n
    for position, choice in enumerate(reply.choices or ()):
        index = position if choice is None or choice.index is None else choice.index
        if choice is not None and 0 <= index < n and placed[index] is None:
            placed[index] = choice
    return placed


def own_count(placed: Slots, count: PromptCount, most: int) -> int:
    """Completion tokens of a reply by our own count: at most `most` for each choice that came."""
    return sum(min(most, _size(choice, count)) for choice in placed if choice is not None)


def completions(
    placed: Slots, sampling: Sampling, paid: Spend, count: PromptCount
) -> tuple[Completion | None, ...]:
    """The draws in order; None for a choice that is missing or broke off.

    Tokens of one draw among several come from its token ids or log-probabilities, otherwise the
    request's total is split in proportion to the texts and flagged.
    """
    usage = paid.usage
    if len(placed) == 1 and placed[0] is not None:
        only = (usage.completion_tokens, usage.reasoning_tokens)
        return (_completion(placed[0], sampling, *only, paid.estimated),)
    present = [choice for choice in placed if choice is not None]
    sizes, inferred = _shares(present, sampling.max_tokens, paid, count)
    reasoning = apportion(usage.reasoning_tokens, sizes)
    shares = iter(zip(sizes, reasoning, strict=True))
    return tuple(
        None if choice is None else _completion(choice, sampling, *next(shares), inferred)
        for choice in placed
    )


def _shares(
    present: Sequence[WireChoice], most: int, paid: Spend, count: PromptCount
) -> tuple[list[int], bool]:
    """Tokens of each of several draws, none above what was asked, and whether they are inferred."""
    total, exact = paid.usage.completion_tokens, [_exact(choice) for choice in present]
    if len(present) == 1:
        return [min(most, total)], paid.estimated
    if all(exact):
        return [min(most, size or 0) for size in exact], False
    weights = [_size(choice, count) for choice in present]
    return [min(most, share) for share in apportion(total, weights)], True


def _completion(
    choice: WireChoice, sampling: Sampling, size: int, reasoning: int, inferred: bool
) -> Completion | None:
    reason = ending(choice, tokens=size, most=sampling.max_tokens)
    if reason is None:
        return None
    matched = choice.stop_reason if choice.stop_reason is not None else choice.matched_stop
    text, stop = with_stop(written(choice), sampling.stop, matched, reason)
    logprobs: tuple[TokenLogprob, ...] = token_logprobs(choice.logprobs)
    return Completion(
        text=text,
        finish_reason=reason,
        stop=stop,
        completion_tokens=size,
        reasoning_tokens=min(size, reasoning),
        reasoning=thoughts(choice),
        tool_calls=tool_calls(choice),
        token_ids=tuple(choice.token_ids or ()),
        logprobs=logprobs,
        estimated=inferred,
    )


def _exact(choice: WireChoice) -> int | None:
    if choice.token_ids:
        return len(choice.token_ids)
    wire = choice.logprobs
    listed = (wire.content or wire.tokens) if wire else None
    return len(listed) if listed and not thoughts(choice) else None


def _size(choice: WireChoice, count: PromptCount) -> int:
    """Tokens of a choice by our own count; the end of the text is a token as well."""
    known = _exact(choice)
    return known or count.estimated_tokens(written(choice) + (thoughts(choice) or "")) + 1


def apportion(total: int, weights: Sequence[int]) -> list[int]:
    """Whole shares in proportion to the weights that sum to the total (largest remainder).

    All weights zero count as equal; no weights give no shares.
    """
    if not total:
        return [0] * len(weights)
    if not weights:
        return []
    used = weights if any(weights) else [1] * len(weights)
    whole = sum(used)
    shares = [total * weight // whole for weight in used]
    by_remainder = sorted(range(len(used)), key=lambda i: -(total * used[i] % whole))
    for position in by_remainder[: total - sum(shares)]:
        shares[position] += 1
    return shares
