"""A user's own prices."""

from __future__ import annotations

from pathlib import Path

import pytest

from tts.budget.price import LongRates, Price
from tts.budget.price_file import read_price_file
from tts.budget.price_table import PriceTable
from tts.errors import BadInput
from tts.values import NANO, Usage


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
