"""What the countdown models are trained on."""

from __future__ import annotations

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from tts.countdown.problem import is_held_out
from tts.countdown.solution import after_step
from tts.countdown.state import Numbers, is_solvable
from tts.training.countdown.paths import judged_path, training_path
from tts.training.countdown.tokens import VOCABULARY, build_countdown_tokenizer

SEEDS = st.integers(0, 10_000).map(random.Random)


@settings(max_examples=40, deadline=None)
@given(SEEDS)
def test_a_path_without_slips_leads_to_the_target_and_holds_nothing_held_out(
    luck: random.Random,
) -> None:
    path = training_path(luck, slip=0.0)
    numbers: Numbers = tuple(sorted(path.given))
    assert not is_held_out(numbers)
    for move in path.moves:
        numbers = move.apply(numbers)
    assert numbers == (path.target,)


@settings(max_examples=60, deadline=None)
@given(SEEDS)
def test_labels_are_what_the_rules_say_of_the_texts(luck: random.Random) -> None:
    path = judged_path(luck, spoilt=0.3)
    table: Numbers | None = tuple(sorted(path.given))
    for step, label in zip(path.steps, path.labels, strict=True):
        table = after_step(table, step) if table is not None else None
        assert label == (table is not None and is_solvable(table, path.target))


def test_a_number_below_a_hundred_is_one_token_and_texts_are_pieced_together() -> None:
    tokenizer = build_countdown_tokenizer()
    text = "Make 29 from 3 5 8.8 * 3 = 24 | left 5 24\n\n24 + 5 = 29 | answer 29"
    assert len(tokenizer.encode(text).ids) == 7 + 8 + 1 + 7
    for anything in (text, "100 + 1234", " 7x(8) \n é"):
        pieces = [tokenizer.id_to_token(one) or "" for one in tokenizer.encode(anything).ids]
        assert "".join(pieces).replace("<|unknown|>", "é") == anything


def test_the_vocabulary_fits_the_embeddings() -> None:
    assert build_countdown_tokenizer().get_vocab_size() <= VOCABULARY
