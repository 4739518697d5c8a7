"""Amounts in messages and labels are those that a user can write back."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tts.budget import Account
from tts.engine import parse_budget, spell_budget
from tts.values import DIMENSIONS, Budget, Usage, in_words

AMOUNTS = st.integers(1, 10**15)
UNITS = st.sampled_from(
    ["tokens", "calls", "nanodollars", "flops", "gpu_microseconds", "retrievals"]
)


@given(UNITS, AMOUNTS)
def test_an_amount_in_a_message_is_read_back_exactly(unit: str, amount: int) -> None:
    assert parse_budget(in_words(unit, amount)) == Budget(**{unit: amount})


@given(UNITS, AMOUNTS)
def test_the_label_of_a_budget_is_read_back_exactly(unit: str, amount: int) -> None:
    budget = Budget(**{unit: amount})
    assert parse_budget(spell_budget(budget)) == budget


@given(UNITS, AMOUNTS, AMOUNTS)
def test_different_budgets_have_different_labels(unit: str, one: int, other: int) -> None:
    spelled = {spell_budget(Budget(**{unit: amount})) for amount in (one, other)}
    assert len(spelled) == len({one, other})


def test_no_refusal_speaks_in_the_ledgers_units() -> None:
    for name in DIMENSIONS:
        account = Account({name: 5})
        words = str(
            account.refusal(
                account.amounts(Usage(**{name: 7} if name != "tokens" else {"prompt_tokens": 7}))
            )
        )
        assert "nano" not in words and "micro" not in words
