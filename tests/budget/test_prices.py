"""What models cost."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from fractions import Fraction
from importlib.resources import files
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tts.budget.prices import PriceTable, read_price_file
from tts.budget.rates import LongRates, Price, Rates
from tts.errors import BadInput
from tts.values import NANO, Usage

TABLE = PriceTable.load()
AMOUNTS = st.integers(0, 200 * NANO)
PRICES = st.builds(Price, prompt=AMOUNTS, completion=AMOUNTS, cached=AMOUNTS | st.none())
TOKENS = st.integers(0, 10**6)


@st.composite
def usages(draw: st.DrawFn) -> Usage:
    prompt = draw(TOKENS)
    cached = draw(st.integers(0, prompt))
    completion = draw(TOKENS)
    return Usage(
        calls=1,
        prompt_tokens=prompt,
        cached_prompt_tokens=cached,
        completion_tokens=completion,
        reasoning_tokens=draw(st.integers(0, completion)),
    )


def test_a_million_tokens_cost_what_is_listed() -> None:
    usage = Usage(calls=1, prompt_tokens=10**6, completion_tokens=10**6)
    assert TABLE.cost("gpt-4o-mini", usage) == (150 + 600) * NANO // 1000


def test_the_cached_part_of_a_prompt_costs_the_cached_price() -> None:
    usage = Usage(calls=1, prompt_tokens=10**6, cached_prompt_tokens=400_000)
    assert TABLE.cost("gpt-4o-mini", usage) == (6 * 15 + 4 * 75 // 10) * NANO // 1000


def test_without_a_listed_discount_cached_tokens_cost_like_others() -> None:
    usage = Usage(calls=1, prompt_tokens=1000, cached_prompt_tokens=900)
    assert Price(prompt=10**6, completion=0).request_cost(usage) == 1000


def test_reasoning_is_part_of_the_completion_and_costs_nothing_more() -> None:
    usage = Usage(calls=1, completion_tokens=1000, reasoning_tokens=900)
    assert Price(prompt=0, completion=10**6).request_cost(usage) == 1000


@pytest.mark.parametrize(("tokens", "cost"), [(0, 0), (1, 0), (2, 1), (3, 1), (5, 1), (6, 2)])
def test_a_cost_is_rounded_half_up_once(tokens: int, cost: int) -> None:
    usage = Usage(calls=1, prompt_tokens=tokens)
    assert Price(prompt=250_000, completion=0).request_cost(usage) == cost


def test_rounding_happens_once_and_not_per_part() -> None:
    usage = Usage(calls=1, prompt_tokens=1, completion_tokens=1)
    assert Price(prompt=500_000, completion=500_000).request_cost(usage) == 1


def test_a_long_prompt_makes_every_token_of_its_request_dearer() -> None:
    long = LongRates(above=100, prompt=3 * 10**6, completion=9 * 10**6)
    price = Price(prompt=10**6, completion=4 * 10**6, long=(long,))
    at, over = (Usage(calls=1, prompt_tokens=n, completion_tokens=10) for n in (100, 101))
    assert price.request_cost(at) == 100 + 40
    assert price.request_cost(over) == 303 + 90


def exact(entry: dict[str, Any], usage: Usage, *, batched: bool) -> Fraction:
    """Nanodollars of a request by the shipped file as it is written, without any rounding."""
    tiers = [one for one in entry.get("long", ()) if usage.prompt_tokens > one["above"]]
    rates = max(tiers, key=lambda one: int(one["above"]), default=entry)
    amounts = {
        "prompt": usage.prompt_tokens - usage.cached_prompt_tokens,
        "cached": usage.cached_prompt_tokens,
        "completion": usage.completion_tokens,
    }
    dollars = [
        amount * Fraction(rates.get(name, rates["prompt"]), NANO) / 10**6
        for name, amount in amounts.items()
    ]
    return sum(dollars, Fraction(0)) * NANO / (2 if batched else 1)


def cases(count: int) -> Iterator[tuple[str, Usage, bool]]:
    """Requests for listed models, those with tiers twice as often as their share; prompts at
    random, and on both sides of a tier's border."""
    random, listed = Random(20261129), json.loads(SHIPPED)["prices"]
    names = [name for name in listed for _ in range(2 if "long" in listed[name] else 1)]
    for _ in range(count):
        name = random.choice(names)
        borders = [tier["above"] + random.choice((0, 1)) for tier in listed[name].get("long", ())]
        prompt = random.choice([random.randrange(10**6), *borders])
        usage = Usage(
            calls=1,
            prompt_tokens=prompt,
            cached_prompt_tokens=random.choice([0, prompt, random.randint(0, prompt)]),
            completion_tokens=random.randrange(10**5),
        )
        yield name, usage, random.random() < 0.5


SHIPPED = files("tts.budget").joinpath("prices.json").read_bytes()


def test_two_hundred_costs_are_those_of_an_exact_computation() -> None:
    listed, met = json.loads(SHIPPED)["prices"], Counter[str]()
    for name, usage, batched in cases(200):
        price = TABLE.price_of(name)
        assert price is not None
        cost = price.request_cost(usage, batched=batched)
        right = exact(listed[name], usage, batched=batched)
        halved = batched and price.rates(usage.prompt_tokens).cost(usage) % 2 == 1
        assert abs(cost - right) <= Fraction(1 + halved, 2), (name, usage, batched)
        met["long"] += price.rates(usage.prompt_tokens) is not price
        met["batch"] += batched
        met["cached"] += usage.cached_prompt_tokens > 0
    assert min(met.values()) >= 20


def test_an_unknown_price_is_unknown_and_not_zero() -> None:
    assert TABLE.price_of("a-model-of-tomorrow") is None
    assert TABLE.cost("a-model-of-tomorrow", Usage(calls=1, prompt_tokens=5)) is None
    assert TABLE.cost("a-model-of-tomorrow", Usage()) is None


@pytest.mark.parametrize("name", ["embedded:small", "simulated:any-skill", "scripted:1/2"])
def test_what_runs_in_this_process_costs_nothing(name: str) -> None:
    assert TABLE.cost(name, Usage(calls=1, prompt_tokens=9**9, completion_tokens=9**9)) == 0


@pytest.mark.parametrize(
    ("spelling", "listed"),
    [
        ("openai/gpt-4o", "gpt-4o"),
        ("gpt-4o-2024-08-06", "gpt-4o"),
        ("OpenAI/GPT-4o-2024-11-20", "gpt-4o"),
        ("claude-3-7-sonnet-20250219", "claude-3-7-sonnet"),
        ("anthropic/claude-3.7-sonnet", "claude-3-7-sonnet"),
        ("claude-haiku-4-5@20251001", "claude-haiku-4-5"),
        ("claude-3-5-haiku-latest", "claude-3-5-haiku"),
        ("models/gemini-2.0-flash-001", "gemini-2.0-flash"),
        ("o1-preview-2024-09-12", "o1"),
    ],
)
def test_a_model_is_known_with_or_without_vendor_and_date(spelling: str, listed: str) -> None:
    assert TABLE.price_of(spelling) == TABLE.prices[listed]


def test_an_edition_with_a_price_of_its_own_keeps_it() -> None:
    assert TABLE.price_of("gpt-4o-2024-05-13") == TABLE.prices["gpt-4o-2024-05-13"]
    assert TABLE.prices["gpt-4o-2024-05-13"] != TABLE.prices["gpt-4o"]


@pytest.mark.parametrize("name", ["azure/gpt-4o", "gpt-4o-audio", "my-gpt-4o", "gpt-4", "gpt"])
def test_a_reseller_or_a_kindred_name_does_not_get_another_models_price(name: str) -> None:
    assert TABLE.price_of(name) != TABLE.prices["gpt-4o"]


def test_the_snapshot_is_dated_and_sorted_and_no_two_names_are_one_model() -> None:
    content = json.loads(files("tts.budget").joinpath("prices.json").read_bytes())
    names = [*content["prices"], *content["aliases"]]
    assert re.fullmatch(r"\d{4}-\d{2}-\d{2}", content["date"])
    assert 60 <= len(content["prices"]) <= 150
    assert list(content["prices"]) == sorted(content["prices"])
    assert len({name.replace(".", "-") for name in names}) == len(names)


def test_the_snapshots_prices_make_sense() -> None:
    for name, price in TABLE.prices.items():
        assert 0 <= (price.cached or 0) <= price.prompt <= price.completion, name
        for rates in price.long:
            assert rates.above >= 100_000, name
            assert (rates.prompt, rates.completion) >= (price.prompt, price.completion), name


def test_the_version_names_the_day_and_changes_with_any_price() -> None:
    one, same, other = (
        PriceTable({"m": Price(prompt=n, completion=2)}, date="2026-01-02") for n in (1, 1, 3)
    )
    assert one.version == same.version != other.version
    assert one.version.startswith("2026-01-02-")


def test_the_first_layer_that_lists_a_model_decides() -> None:
    cheap, dear = Price(prompt=1, completion=1), Price(prompt=9, completion=9)
    table = PriceTable({"gpt-*": cheap}, {"gpt-4o": dear, "o1": dear}, date="2026-01-02")
    assert (table.price_of("gpt-4o"), table.price_of("o1")) == (cheap, dear)


def test_a_listed_name_goes_before_a_pattern_and_a_long_pattern_before_a_short_one() -> None:
    one, two, three = (Price(prompt=n, completion=n) for n in (1, 2, 3))
    table = PriceTable({"*": one, "local/*": two, "local/big": three}, date="2026-01-02")
    found = [table.price_of(name) for name in ("other", "local/small", "local/big")]
    assert found == [one, two, three]


@given(PRICES, usages(), usages())
def test_costs_add_up_within_one_nanodollar(price: Price, one: Usage, two: Usage) -> None:
    apart = price.cost(one) + price.cost(two)
    assert abs(apart - price.cost(one + two)) <= 1


@given(PRICES, usages())
def test_a_cost_is_exact_to_half_a_nanodollar(price: Price, usage: Usage) -> None:
    fresh = usage.prompt_tokens - usage.cached_prompt_tokens
    cached = price.prompt if price.cached is None else price.cached
    exact = fresh * price.prompt + usage.cached_prompt_tokens * cached
    exact += usage.completion_tokens * price.completion
    assert -500_000 < price.cost(usage) * 10**6 - exact <= 500_000


@given(st.sampled_from(sorted(TABLE.prices)), usages(), TOKENS, TOKENS)
def test_what_uses_more_never_costs_less(name: str, usage: Usage, more: int, longer: int) -> None:
    grown = usage + Usage(prompt_tokens=more, completion_tokens=longer)
    less, greater = TABLE.cost(name, usage), TABLE.cost(name, grown)
    assert less is not None and greater is not None
    assert less <= greater


def written(folder: Path, text: str, name: str = "prices.yaml") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_dollars_are_read_exactly_as_written(tmp_path: Path) -> None:
    path = written(tmp_path, "m: {prompt: 0.1, cached: '0.025', completion: 1}")
    assert read_price_file(path) == {"m": Price(prompt=10**8, cached=25 * 10**6, completion=NANO)}


def test_json_is_read_as_well(tmp_path: Path) -> None:
    path = written(tmp_path, '{"m": {"prompt": 2, "completion": 1e1}}', "prices.json")
    assert read_price_file(path) == {"m": Price(prompt=2 * NANO, completion=10 * NANO)}


def test_long_prompts_may_cost_more(tmp_path: Path) -> None:
    tier = "{above: 200000, prompt: 2, completion: 3}"
    path = written(tmp_path, f"m: {{prompt: 1, completion: 2, long: [{tier}], since: 2026-03-01}}")
    long = LongRates(above=200_000, prompt=2 * NANO, completion=3 * NANO)
    price = Price(prompt=NANO, completion=2 * NANO, long=(long,), since="2026-03-01")
    assert read_price_file(path) == {"m": price}


def test_a_users_price_goes_before_the_shipped_one(tmp_path: Path) -> None:
    table = PriceTable.load(written(tmp_path, "gpt-4o: {prompt: 1, completion: 1}\nlocal-*: 0"))
    usage = Usage(calls=1, prompt_tokens=10**6)
    costs = [table.cost(name, usage) for name in ("gpt-4o", "local-8b", "gpt-4o-mini")]
    assert costs == [NANO, 0, 15 * NANO // 100]
    assert table.version != PriceTable.load().version


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("m: {prompt: 1}", r"'m': .*completion"),
        ("m: {prompt: -1, completion: 1}", r"'m', prompt: must be dollars .* not -1"),
        ("m: {prompt: .nan, completion: 1}", r"'m', prompt: must be dollars"),
        ("m: {prompt: yes, completion: 1}", r"'m', prompt: must be dollars .* not True"),
        ("m: {prompt: free, completion: 1}", r"'m', prompt: must be dollars .* not 'free'"),
        ("m: {prompt: 0.0000000001, completion: 1}", r"'m', prompt: .* finer than a nanodollar"),
        ("m: {prompt: 1, completion: 1, input: 2}", r"'m': .*unknown field `input`"),
        ("m: {prompt: 1, completion: 1, long: [{prompt: 1, completion: 1}]}", r"'m': .*above"),
        ("m: {prompt: 1, completion: 1, long: 3}", r"'m': .*long"),
        ("m: 3", r"'m': must be 0 or a mapping"),
        ("m: false", r"'m': must be 0 or a mapping"),
        ("- m", r"must map model names to prices"),
        ("m: {", r"neither YAML nor JSON"),
    ],
)
def test_a_wrong_entry_is_named_with_its_file_and_reason(
    tmp_path: Path, text: str, reason: str
) -> None:
    with pytest.raises(BadInput, match=rf"prices\.yaml: .*{reason}"):
        read_price_file(written(tmp_path, text))


def test_long_rates_out_of_order_are_refused(tmp_path: Path) -> None:
    tiers = ", ".join(f"{{above: {n}, prompt: 1, completion: 1}}" for n in (9, 5))
    with pytest.raises(BadInput, match="growing"):
        read_price_file(written(tmp_path, f"m: {{prompt: 1, completion: 1, long: [{tiers}]}}"))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"absent\.yaml: cannot be read"):
        PriceTable.load(tmp_path / "absent.yaml")


def test_the_shipped_table_is_a_price_file() -> None:
    from importlib.resources import as_file, files

    from tts.budget import PriceTable

    with as_file(files("tts.budget").joinpath("prices.json")) as shipped:
        found = read_price_file(shipped)
    table = PriceTable.load()
    assert found and all(table.price_of(name) == price for name, price in found.items())


def test_batch_files_cost_what_is_listed_and_half_where_nothing_is() -> None:
    usage = Usage(calls=1, prompt_tokens=10**6)
    listed = Price(prompt=100, completion=0, batch=Rates(prompt=30, completion=0))
    assert listed.request_cost(usage, batched=True) == 30
    assert Price(prompt=101, completion=0).request_cost(usage, batched=True) == 51


def test_a_table_without_batch_rates_has_the_version_that_it_had_before_there_were_any() -> None:
    one = PriceTable({"m": Price(prompt=1, completion=2)}, date="d")
    assert one.version == "d-bfbf0294dd67"
