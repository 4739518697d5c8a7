from __future__ import annotations

from collections import deque
from collections.abc import Sequence

import numpy as np
import pytest

from tts.backends.embedded.decoder import Decoder
from tts.backends.embedded.draw import Draw
from tts.backends.embedded.folder import Floats
from tts.backends.embedded.kv_cache import KvCache
from tts.backends.embedded.model import EmbeddedModel
from tts.backends.embedded.transformer import Transformer
from tts.values import Message, Sampling


class Recorder:
    def __init__(self) -> None:
        self.ended_draws: list[Draw] = []

    def grew(self, draw: Draw, text: str) -> None: ...

    def ended(self, draw: Draw, error: BaseException | None) -> None:
        self.ended_draws.append(draw)


class CountingTransformer(Transformer):
    def __init__(self, embedded: EmbeddedModel) -> None:
        super().__init__(embedded.transformer.config, embedded.weights)
        self.computed: list[tuple[int, ...]] = []

    def forward(
        self, tokens: np.ndarray, starts: np.ndarray, cache: KvCache, first_row: int = 0
    ) -> Floats:
        self.computed.append(tokens.shape)
        return super().forward(tokens, starts, cache, first_row)


@pytest.fixture(scope="module")
def embedded() -> EmbeddedModel:
    return EmbeddedModel.shipped("small")


def draws(
    embedded: EmbeddedModel,
    texts: Sequence[str],
    *,
    prefix: str = "",
    sampling: Sampling | None = None,
) -> list[Draw]:
    sampling = sampling or Sampling(max_tokens=60)
    return [
        Draw(
            tuple(embedded.tokenizer.encode_chat([Message("user", text)], prefix)),
            sampling,
            seed,
            Recorder(),
        )
        for seed, text in enumerate(texts)
    ]


def run(decoder: Decoder, wanted: Sequence[Draw]) -> None:
    waiting = deque(wanted)
    while waiting or decoder.active:
        decoder.join(waiting)
        decoder.step()


def decoder_of(
    embedded: EmbeddedModel, rows: int, transformer: Transformer | None = None
) -> Decoder:
    return Decoder(transformer or embedded.transformer, embedded.tokenizer, rows, 4096)


TEXTS = [f"Compute ({first} + 4) * {second}." for first in (1, 2, 3) for second in (2, 5, 7)]


def test_one_prefill_serves_all_draws(embedded: EmbeddedModel) -> None:
    counting = CountingTransformer(embedded)
    wanted = draws(embedded, TEXTS[:1] * 8)
    run(decoder_of(embedded, 8, counting), wanted)
    assert counting.computed[0] == (1, len(wanted[0].prompt))
    assert all(shape[1] == 1 for shape in counting.computed[1:])


def test_a_draw_does_not_depend_on_its_batch(embedded: EmbeddedModel) -> None:
    together, alone = draws(embedded, TEXTS), draws(embedded, TEXTS)
    run(decoder_of(embedded, 16), together)
    for draw in alone:
        run(decoder_of(embedded, 1), [draw])
    assert [draw.tokens for draw in together] == [draw.tokens for draw in alone]


def test_more_draws_than_rows_take_turns(embedded: EmbeddedModel) -> None:
    few, many = draws(embedded, TEXTS), draws(embedded, TEXTS)
    run(decoder_of(embedded, 2), few)
    run(decoder_of(embedded, 16), many)
    assert [draw.text for draw in few] == [draw.text for draw in many]


def test_different_seeds_give_different_draws(embedded: EmbeddedModel) -> None:
    wanted = draws(embedded, ["Compute ((17 * 13) + 19) - (18 * 7)."] * 32)
    run(decoder_of(embedded, 32), wanted)
    assert len({draw.text for draw in wanted}) > 3


def test_a_continued_text_computes_its_new_tokens_only(embedded: EmbeddedModel) -> None:
    counting = CountingTransformer(embedded)
    decoder = decoder_of(embedded, 4, counting)
    (first,) = draws(embedded, TEXTS[:1], sampling=Sampling(temperature=0, stop=("\n\n",)))
    run(decoder, [first])
    counting.computed.clear()
    (second,) = draws(embedded, TEXTS[:1], prefix=first.text)
    run(decoder, [second])
    assert counting.computed[0] == (1, 1)
    assert second.cached == len(second.prompt) - 1


def test_a_continued_text_goes_on_as_if_never_cut(embedded: EmbeddedModel) -> None:
    greedy = Sampling(temperature=0, max_tokens=60)
    (whole,) = draws(embedded, TEXTS[:1], sampling=greedy)
    run(decoder_of(embedded, 1), [whole])
    cut = whole.text.index("\n\n") + 2
    (rest,) = draws(embedded, TEXTS[:1], prefix=whole.text[:cut], sampling=greedy)
    run(decoder_of(embedded, 1), [rest])
    assert whole.text[:cut] + rest.text == whole.text


def test_a_cancelled_draw_frees_its_row_at_the_next_step(embedded: EmbeddedModel) -> None:
    decoder = decoder_of(embedded, 4)
    wanted = draws(embedded, TEXTS[:3])
    decoder.join(deque(wanted))
    wanted[0].cancelled = True
    decoder.step()
    assert wanted[0] not in decoder.active
    assert len(wanted[0].tokens) == 1


def test_a_draw_cancelled_while_waiting_never_joins(embedded: EmbeddedModel) -> None:
    decoder = decoder_of(embedded, 4)
    (draw,) = draws(embedded, TEXTS[:1])
    draw.cancelled = True
    decoder.join(deque([draw]))
    assert not decoder.active


def test_logprobs_are_of_the_chosen_token_and_its_best_alternatives(
    embedded: EmbeddedModel,
) -> None:
    sampling = Sampling(temperature=0, max_tokens=5, logprobs=3)
    (draw,) = draws(embedded, TEXTS[:1], sampling=sampling)
    run(decoder_of(embedded, 1), [draw])
    assert len(draw.logprobs) == len(draw.tokens)
    for report in draw.logprobs:
        assert len(report.top) == 3
        assert report.top[0] == (report.token, report.logprob)
        assert report.logprob <= 0


def test_logprobs_do_not_depend_on_the_temperature(embedded: EmbeddedModel) -> None:
    pair = [
        draws(embedded, TEXTS[:1], sampling=Sampling(temperature=heat, max_tokens=1, logprobs=1))[0]
        for heat in (0.0, 0.01)
    ]
    for draw in pair:
        run(decoder_of(embedded, 1), [draw])
    assert pair[0].logprobs[0].logprob == pytest.approx(pair[1].logprobs[0].logprob)


@pytest.mark.parametrize("tokens", [100, 260, 1000])
def test_a_cache_for_few_tokens_gives_the_same_texts(embedded: EmbeddedModel, tokens: int) -> None:
    sampling = Sampling(temperature=0, max_tokens=60)
    wanted = draws(embedded, TEXTS, sampling=sampling)
    run(decoder_of(embedded, 64), wanted)
    found = draws(embedded, [*TEXTS, TEXTS[0]], sampling=sampling)
    run(Decoder(embedded.transformer, embedded.tokenizer, 64, 0, tokens), found)
    assert [draw.text for draw in found] == [draw.text for draw in [*wanted, wanted[0]]]


def test_a_draw_too_long_for_the_room_left_waits(embedded: EmbeddedModel) -> None:
    decoder = Decoder(embedded.transformer, embedded.tokenizer, 64, 0, 200)
    waiting = deque(draws(embedded, TEXTS[:3]))
    decoder.join(waiting)
    assert (len(decoder.active), len(waiting)) == (2, 1)


def test_a_long_prompt_is_read_in_parts(
    embedded: EmbeddedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    sampling = Sampling(temperature=0, max_tokens=60)
    whole, parts = (draws(embedded, [TEXTS[0], "Compute 2."], sampling=sampling) for _ in "ab")
    run(decoder_of(embedded, 64), whole)
    monkeypatch.setattr("tts.backends.embedded.decoder.WORKING", 1 << 11)
    counting = CountingTransformer(embedded)
    run(decoder_of(embedded, 64, counting), parts)
    assert max(count for _, count in counting.computed) <= 8
    assert [draw.text for draw in parts] == [draw.text for draw in whole]
