"""A text is scored once and charged once, whatever strategy meets it twice."""

from __future__ import annotations

from typing import Any

import pytest

from tts.engine import parse_strategy
from tts.engine.registry import STRATEGIES
from tts.ledger import MemoryJournal
from tts.protocols import CallRow
from tts.values import Budget

SAID = ["six and six", "six times six", "so \\boxed{42}"]


def say(messages: Any, prefix: str, index: int) -> str:
    """Few texts, so that many draws are equal; readable as anything that may be asked for."""
    told = "Judgment: 1\nRating: 7\nlikely\n1. try"
    depth = sum(bool(step.strip()) for step in prefix.split("\n\n"))
    if depth or index % 3 == 2:
        return f"so \\boxed{{{40 + index % 2}}}"
    return f"{told if 'Rating' in messages[-1].content else SAID[index % 2]}\n\nso \\boxed{{42}}"


def charged(journal: MemoryJournal, uses: Any) -> dict[tuple[str, str], list[int]]:
    """The tokens of verdicts by the Run that asked and by what was asked."""
    found: dict[tuple[str, str], list[int]] = {}
    for use in uses:
        if use.role == "verify":
            path = use.node.rpartition("/")[0]
            found.setdefault((path, use.key), []).append(use.attributed.tokens)
    return found


@pytest.mark.parametrize("name", STRATEGIES.names())
def test_every_verdict_is_charged_to_a_run_once(forest: Any, name: str) -> None:
    book = MemoryJournal(job="lab")
    policy, other = forest.lab.words(say), forest.lab.words(say)
    strategy = parse_strategy(name)
    how = {"policy": policy, "models": {"other": other}, "max_tokens": 24}
    forest.grow(strategy, journal=book, problem=forest.suited(strategy), **how)
    costs = {row.key: row.usage.tokens for row in book.rows if isinstance(row, CallRow)}
    for (_, key), tokens in charged(book, forest.uses(book)).items():
        assert sorted(tokens) == [0] * (len(tokens) - 1) + [costs[key]]


def test_equal_draws_cost_best_of_n_one_verdict(forest: Any) -> None:
    book = MemoryJournal(job="lab")
    twins = forest.lab.words(lambda *_: "so \\boxed{42}")
    result = forest.grow(parse_strategy("best_of_n(n=8)"), policy=twins, journal=book)
    assert (forest.sampled(result), forest.scored(result)) == (8, 1)
    assert [kept.score.value for kept in result.candidates] == [
        result.candidates[0].score.value
    ] * 8


@pytest.mark.parametrize("tokens", range(86, 190, 8))
def test_refusals_among_equal_texts_do_not_depend_on_timing(forest: Any, tokens: int) -> None:
    found = []
    for limit in (1, 3, 512):
        result = forest.grow(
            parse_strategy("best_of_n(n=6)"),
            policy=forest.lab.Slow(forest.lab.words(say), shuffle=limit),
            budget=Budget(tokens=tokens),
            limit=limit,
            spread=1.0,
        )
        assert result.usage.tokens <= tokens
        texts = [kept.candidate.text for kept in result.candidates]
        found.append((result.stopped_by, result.usage, texts))
    assert all(one == found[0] for one in found)
