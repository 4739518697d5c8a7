"""Prices in LiteLLM's form are prices like others."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tts.budget.litellm_prices import from_litellm
from tts.budget.prices import PriceTable, price_file, read_price_file
from tts.budget.rates import LongRates, Price, Rates

GEMINI: dict[str, Any] = {
    "mode": "chat",
    "litellm_provider": "gemini",
    "input_cost_per_token": 1.25e-06,
    "output_cost_per_token": 1e-05,
    "cache_read_input_token_cost": 1.25e-07,
    "input_cost_per_token_above_200k_tokens": 2.5e-06,
    "output_cost_per_token_above_200k_tokens": 1.5e-05,
    "input_cost_per_token_above_200k_tokens_priority": 4.5e-06,
    "input_cost_per_token_batches": 6.25e-07,
    "output_cost_per_token_batches": 5e-06,
}
PRICE = Price(
    prompt=1_250_000_000,
    completion=10_000_000_000,
    cached=125_000_000,
    long=(LongRates(above=200_000, prompt=2_500_000_000, completion=15_000_000_000),),
    batch=Rates(prompt=625_000_000, completion=5_000_000_000),
)


def test_cached_batch_and_long_rates_are_read() -> None:
    assert from_litellm({"gemini/g": GEMINI})["gemini/g"] == PRICE


def test_a_makers_model_is_found_without_the_maker_and_a_resellers_is_not() -> None:
    found = from_litellm({"gemini/g": GEMINI, "azure/h": GEMINI})
    assert set(found) == {"gemini/g", "g", "azure/h"}


def test_what_is_listed_at_zero_or_not_by_tokens_of_text_has_no_price() -> None:
    free = {"mode": "chat", "input_cost_per_token": 0, "output_cost_per_token": 0.0}
    half = {"mode": "chat", "input_cost_per_token": 1e-6}
    picture = {**GEMINI, "mode": "image_generation"}
    assert from_litellm({"sample_spec": GEMINI, "a": free, "b": half, "c": picture}) == {}


def test_such_a_file_is_a_price_file(tmp_path: Path) -> None:
    path = tmp_path / "model_prices_and_context_window.json"
    path.write_text(json.dumps({"gemini/g": GEMINI}))
    assert PriceTable.load(path).price_of("g") == PRICE


def test_what_is_written_is_what_is_read(tmp_path: Path) -> None:
    path = tmp_path / "prices.json"
    path.write_text(price_file({"g": PRICE}, "2026-11-01"))
    assert read_price_file(path) == {"g": PRICE}
