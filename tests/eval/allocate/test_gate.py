"""A gate that accepts or escalates is wrong too often in one stream of twenty, not at one round of twenty."""

from __future__ import annotations

from random import Random

import numpy as np
import pytest

from tts.errors import BadInput
from tts.eval.allocate.gate import Evidence, Gate

ERROR, ALPHA, STREAMS, ROUNDS = 0.1, 0.05, 1_000, 600
LEVELS = (0.2, 0.4, 0.6, 0.8)
ABOVE = np.array([0.30, 0.20, 0.115, 0.02])
"""How often answers at least so sure are wrong: the two laxest levels by far, one by little."""


def wrong_chances() -> np.ndarray:
    """By band of confidence (five alike ones), so that the means above the levels are `ABOVE`."""
    counts = np.array([4, 3, 2, 1])
    sums = np.append(ABOVE * counts, 0)
    return np.append(0.5, sums[:-1] - sums[1:])


def too_lax(evidence: Evidence | Naive, *, audit: float = 0.2, seed: int = 0) -> float:
    """The share of streams in which, at some round, the bar in use lets too much through."""
    random, chances = np.random.default_rng(seed), wrong_chances()
    bad = np.zeros(STREAMS, dtype=np.bool_)
    for _ in range(ROUNDS):
        confidence = random.random(STREAMS)
        wrong = random.random(STREAMS) < chances[(5 * confidence).astype(int)]
        accept = confidence >= evidence.bar
        probability = np.where(accept, audit, 1.0)
        labelled = random.random(STREAMS) < probability
        least = np.where(np.isfinite(evidence.bar), audit, 1.0)
        evidence.see(confidence, wrong, labelled, probability, least)
        bad |= evidence.bar < 0.8
    return float(bad.mean())


class Naive:
    """Takes the laxest level whose 95 % bound on what was seen so far holds now: right at any one
    round, and looked at in all of them."""

    def __init__(self) -> None:
        self._n = np.zeros((STREAMS, len(LEVELS)))
        self._wrong = np.zeros((STREAMS, len(LEVELS)))

    @property
    def bar(self) -> np.ndarray:
        seen = np.maximum(self._n, 1)
        share = self._wrong / seen
        high = share + 1.645 * np.sqrt(np.maximum(share * (1 - share), 0.01) / seen)
        held = (high <= ERROR) & (self._n >= 20)
        return np.where(held, LEVELS, np.inf).min(axis=-1)

    def see(
        self, confidence: np.ndarray, wrong: np.ndarray, labelled: np.ndarray, *_: object
    ) -> None:
        above = (confidence[:, None] >= LEVELS) & labelled[:, None]
        self._n += above
        self._wrong += above & wrong[:, None]


def test_in_a_thousand_streams_the_bar_is_too_lax_at_any_round_of_at_most_alpha_of_them() -> None:
    evidence = Evidence(ERROR, ALPHA, LEVELS, streams=(STREAMS,))
    assert too_lax(evidence) <= ALPHA
    assert np.isfinite(evidence.bar).mean() > 0.5


def test_a_bound_that_is_looked_at_every_round_fails_the_same_streams() -> None:
    assert too_lax(Naive()) > 2 * ALPHA


def test_labels_that_are_taken_from_what_was_escalated_alone_fail_nobody() -> None:
    """The weights make up for accepted answers being labelled less often."""
    evidence = Evidence(ERROR, ALPHA, LEVELS, streams=(STREAMS,))
    assert too_lax(evidence, audit=0.05, seed=1) <= ALPHA


def stream(gate: Gate, chance: float, rounds: int, *, seed: int = 0) -> tuple[int, int]:
    """Accepted answers, and wrong ones among them, where surer answers are right more often."""
    random, accepted, wrong = Random(seed), 0, 0
    for _ in range(rounds):
        confidence = random.random()
        right = random.random() > chance * (1 - confidence)
        said = gate.ask(confidence)
        if said.label:
            gate.tell(said, right=right)
        accepted, wrong = accepted + said.accept, wrong + (said.accept and not right)
    return accepted, wrong


def test_a_gate_escalates_until_it_knows_and_accepts_then() -> None:
    gate = Gate(0.15, levels=[0.3, 0.6, 0.9], audit=0.3)
    assert gate.bar == float("inf") and not gate.ask(1.0).accept
    accepted, wrong = stream(gate, 0.3, 6_000)
    assert gate.bar <= 0.6 and accepted > 500
    assert wrong / accepted <= 0.15


def test_where_nothing_is_good_enough_nothing_is_accepted() -> None:
    gate = Gate(0.01, levels=[0.3, 0.6], audit=0.3)
    assert stream(gate, 0.9, 2_000) == (0, 0)


def test_without_audits_the_first_bar_stays() -> None:
    gate = Gate(0.2, levels=[0.5, 0.9], audit=0)
    stream(gate, 0.1, 2_000)
    first = gate.bar
    stream(gate, 0.1, 2_000, seed=1)
    assert gate.bar == first < float("inf")


@pytest.mark.parametrize(
    ("error", "levels", "audit", "told"),
    [
        (0.0, [0.5], 0.1, "between 0 and 1"),
        (0.1, [], 0.1, "at least one"),
        (0.1, [0.9, 0.5], 0.1, "rise"),
        (0.1, [0.5], 1.5, "a share of answers, not 1.5"),
    ],
)
def test_a_gate_that_cannot_be_is_told_in_a_sentence(
    error: float, levels: list[float], audit: float, told: str
) -> None:
    with pytest.raises(BadInput, match=told):
        Gate(error, levels=levels, audit=audit)
