from __future__ import annotations

from tts.eval.tune import space_for, start_points
from tts.eval.tune.trial import engine_values

SHIPPED, _ = start_points(space_for(cpu=False, reads=False))


def test_what_is_left_to_vllm_is_left_out() -> None:
    values = engine_values(SHIPPED)
    assert set(values) == {"max_num_seqs", "max_num_batched_tokens", "block_size"}


def test_guessed_tokens_become_n_gram_speculation() -> None:
    speculation = engine_values(SHIPPED | {"speculative_tokens": 4})["speculative_config"]
    assert (speculation["method"], speculation["num_speculative_tokens"]) == ("ngram", 4)


def test_a_reward_model_has_nothing_to_speculate_on() -> None:
    assert "speculative_tokens" not in space_for(cpu=False, reads=True)
