from __future__ import annotations

import pytest

from tts.training.evaluate import auc


def test_perfect_order_is_one() -> None:
    assert auc([0.1, 0.2, 0.8], [False, False, True]) == 1.0


def test_ties_count_half() -> None:
    assert auc([0.5, 0.5], [False, True]) == 0.5


def test_a_mixed_order_is_the_share_of_ordered_pairs() -> None:
    assert auc([0.1, 0.4, 0.3, 0.9], [False, False, True, True]) == 0.75


def test_one_class_alone_is_refused() -> None:
    with pytest.raises(ValueError, match="Both classes"):
        auc([0.1, 0.2], [True, True])
