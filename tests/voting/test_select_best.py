from collections.abc import Callable

from tts.values import Candidate, Score, Scored
from tts.voting import select_best


def scored(candidate: Candidate, value: float, *steps: float) -> Scored:
    return Scored(candidate, Score(value=value, steps=steps))


def test_of_equal_scores_the_earliest_wins(drawn: Callable[..., Candidate]) -> None:
    items = [
        scored(drawn("1", "a"), 0.5),
        scored(drawn("2", "b"), 0.9),
        scored(drawn("3", "c"), 0.9),
    ]
    assert select_best(items) is items[1]


def test_a_cut_text_does_not_win_however_high_its_score(drawn: Callable[..., Candidate]) -> None:
    cut = scored(drawn("1", "a", final=False, finish_reason="length"), 1.0)
    whole = scored(drawn("2", "b"), 0.1)
    assert select_best([cut, whole, None]) is whole


def test_step_scores_are_aggregated_as_asked(drawn: Callable[..., Candidate]) -> None:
    weak = scored(drawn("1", "a"), 0.9, 0.1, 0.9)
    even = scored(drawn("2", "b"), 0.6, 0.6, 0.6)
    assert select_best([weak, even]) is weak
    assert select_best([weak, even], how="min") is even


def test_of_nothing_nothing_is_best() -> None:
    assert select_best([None]) is None
