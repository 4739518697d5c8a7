"""The size of what a wallet leases at once."""

from __future__ import annotations

from tts.budget.wallet import FAST, FIRST_BLOCK, GROWTH, LARGEST_BLOCK, BlockSize


def test_a_block_grows_while_it_is_emptied_fast_and_falls_back_once_it_lasts() -> None:
    now = [0.0]
    size = BlockSize(lambda: now[0])
    assert [size.next() for _ in range(2)] == [FIRST_BLOCK, GROWTH * FIRST_BLOCK]
    now[0] += FAST
    assert size.next() == FIRST_BLOCK


def test_a_block_never_grows_past_the_largest() -> None:
    size = BlockSize(lambda: 0.0)
    assert max(size.next() for _ in range(20)) == LARGEST_BLOCK
