"""DeepConf, online: weak traces are cancelled while they are written."""

from __future__ import annotations

import asyncio
from random import Random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tts.errors import LedgerError
from tts.ledger import MemoryJournal
from tts.protocols import GenerateReply, GenerateRequest, Meter
from tts.strategies.sampling.deepconf import DeepConfOnline
from tts.values import Completion, Piece, Sampling, TokenLogprob, Usage

STRATEGY = DeepConfOnline(n=12, warmup=4, keep=0.5, window=3, consensus=1.0)
SAMPLING = Sampling(max_tokens=40)


def levels(index: int) -> list[float]:
    """Odd traces sink in their middle; confident ones do not."""
    dice = Random(index)
    base = [5.0 + dice.random() for _ in range(20)]
    return [2.0 if index % 2 and 6 <= place < 10 else level for place, level in enumerate(base)]


class Streaming:
    """Writes a token a second; `told` says whether log-probabilities come with the text."""

    def __init__(self, inner: Any, *, shuffle: int = 0, told: bool = True) -> None:
        self.inner, self.shuffle, self.told = inner, shuffle, told
        self.written: dict[int, int] = {}

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    async def generate(
        self, request: GenerateRequest, meter: Meter, listener: Any = None
    ) -> GenerateReply:
        [index], drawn = request.indices, list[TokenLogprob]()
        pace = 0.5 + Random(f"{self.shuffle} {index}").random()
        prompt = self.inner.count_prompt(request.messages, request.prefix)
        for place, level in enumerate(levels(index)):
            await asyncio.sleep(pace)
            drawn.append(TokenLogprob("so ", -0.1, (("so ", -level),)))
            self.written[index] = place + 1
            meter.usage = Usage(calls=1, prompt_tokens=prompt, completion_tokens=place + 1)
            if listener is not None:
                listener(0, Piece("so ", (drawn[-1],) if self.told else ()))
        text = "so " * len(drawn) + f"\\boxed{{{index % 4}}}"
        completion = Completion(
            text=text,
            finish_reason="stop",
            completion_tokens=len(drawn),
            logprobs=tuple(drawn),
        )
        return GenerateReply(completions=(completion,), usage=meter.usage or Usage())


def solved(lab: Any, strategy: Any = STRATEGY, **how: Any) -> tuple[Any, Streaming]:
    journal = how.pop("journal", None)
    model = Streaming(lab.words([]), **how)
    result = lab.run(lab.solve(strategy, model, journal=journal, sampling=SAMPLING))
    return result, model


def test_weak_traces_are_cancelled_at_their_first_weak_window(lab: Any) -> None:
    _, model = solved(lab)
    weak = [count for index, count in model.written.items() if index >= 4 and index % 2]
    strong = [count for index, count in model.written.items() if index >= 4 and not index % 2]
    assert strong == [20] * 4 and len(weak) == 4 and max(weak) <= 10


def test_what_a_cancelled_trace_wrote_is_charged(lab: Any) -> None:
    result, model = solved(lab)
    assert result.usage.completion_tokens == sum(model.written.values())
    assert result.usage.calls == 12


def test_weak_traces_do_not_vote_the_warm_ups_among_them_included(lab: Any) -> None:
    result, _ = solved(lab)
    assert result.answer in ("0", "2") and result.candidate.confidences


@settings(max_examples=10)
@given(shuffle=st.integers(0, 999))
def test_pace_changes_what_is_saved_and_not_the_answer(lab: Any, shuffle: int) -> None:
    quiet = DeepConfOnline(n=12, warmup=4, keep=0.5, window=3, consensus=1.0)
    slow, fast = solved(lab, quiet, shuffle=shuffle)[0], solved(lab, quiet)[0]
    assert slow.answer == fast.answer


def test_without_streamed_log_probabilities_whole_traces_are_judged_alike(lab: Any) -> None:
    deaf, model = solved(lab, told=False)
    assert deaf.answer == solved(lab)[0].answer
    assert set(model.written.values()) == {20}


def test_a_consensus_cancels_what_is_still_written(lab: Any) -> None:
    strategy = DeepConfOnline(n=12, warmup=4, keep=1.0, window=3, consensus=0.51)
    _, model = solved(lab, strategy, shuffle=5)
    assert min(model.written.values()) < 20


def test_a_replay_repeats_cancellations_and_answer_without_a_call(lab: Any) -> None:
    book = MemoryJournal(job="lab")
    first, _ = solved(lab, journal=book)
    again, model = solved(lab, journal=lab.again(book), shuffle=9)
    assert (again.answer, again.usage) == (first.answer, first.usage) and not model.written


def test_a_killed_run_goes_on(lab: Any) -> None:
    whole = solved(lab)[0].answer
    for life in range(6, 60, 6):
        book = lab.MortalJournal(job="lab", life=life)
        try:
            solved(lab, journal=book)
        except LedgerError:
            assert solved(lab, journal=lab.again(book))[0].answer == whole
