"""A grid of whole settings from ordinary comparisons: read, chosen by difficulty, judged, run."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from tts.cli.app import app
from tts.engine import SessionOptions, parse_strategy
from tts.errors import BadInput, UsageError
from tts.eval.calibration import Calibration
from tts.eval.calibration.grid import GridWanted, Wish, calibrate_grid
from tts.eval.calibration.grid.read import read_grid
from tts.eval.problems import canonical
from tts.eval.recorded import graded, read
from tts.eval.run_comparison import run_comparison
from tts.eval.spec import ComparisonSpec
from tts.strategies.allocation.policy import read_policy
from tts.values import Budget

PROBLEMS = 200
SETTINGS = ("best_of_n(n=1)", "best_of_n(n=2)", "best_of_n(n=8)", "majority_vote(n=4)")
LARGE = "majority_vote(n=1)"


def pool(path: Path, *, gain: float = 0.0, seed: int = 0, tokens: int = 40) -> Path:
    """Eight scored draws of problems that are easy, hard or hopeless; the verifier is often right."""
    luck = np.random.default_rng(seed)
    lines = []
    for at in range(PROBLEMS):
        chance = min(1.0, (0.97, 0.97, 0.35, 0.02)[at % 4] + gain)
        for place in range(8):
            right = bool(luck.random() < chance)
            score = float(np.clip(luck.normal(0.85 if right else 0.25, 0.05), 0, 1))
            row = {
                "problem_id": f"p{at}",
                "problem": f"Problem number {at}",
                "reference": "1",
                "model": f"m{seed}",
                "sample_index": place,
                "completion": f"{at} {place} {seed}",
                "answer": "1" if right else f"0.{place}",
                "correct": right,
                "finish_reason": "stop",
                "prompt_tokens": 10,
                "completion_tokens": tokens,
                "score": score,
                "score_tokens": 50,
            }
            lines.append(json.dumps(row))
    path.write_text("\n".join(lines) + "\n")
    return path


def recorded(place: Path, source: Path, *strategies: str, **how: Any) -> Path:
    """A ledger of one job, as `tts compare` makes it."""
    verifier = "none" if strategies == (LARGE,) else "recorded:scores"
    spec = ComparisonSpec(
        title="t",
        problems=how.pop("problems", f"replay:{source}"),
        strategies=tuple(map(parse_strategy, strategies)),
        budgets=how.pop("budgets", (Budget(),)),
        options=SessionOptions(model=f"replay:{source}", verifier=verifier, **how),
    )
    asyncio.run(run_comparison(spec, ledger=place, job="job"))
    return place


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("grid")
    small, large = (
        pool(folder / "small.jsonl"),
        pool(folder / "large.jsonl", gain=0.5, seed=1, tokens=400),
    )
    recorded(folder / "small.db", small, *SETTINGS)
    recorded(folder / "large.db", large, LARGE)
    return folder


def fitted(place: Path, *, budget: float | None = 300.0, **how: Any) -> Calibration:
    files = (("default", place / "small.db"), ("large", place / "large.db"))
    price = how.pop("price", None)
    wish = Wish(budget=None if price is not None else budget, price=price)
    return asyncio.run(calibrate_grid(GridWanted(files=files, wish=wish, **how)))


@pytest.fixture(scope="module")
def found(place: Path) -> Calibration:
    return fitted(place)


def test_every_strategy_of_every_record_is_a_setting(place: Path) -> None:
    files = (("default", place / "small.db"), ("large", place / "large.db"))
    grid = asyncio.run(read_grid(files, "tokens"))
    assert len(grid.options) == 5
    assert grid.options[-1].label == "majority_vote(n=1) large T=1"
    assert grid.probe is not None and grid.probe.option.draws == 1
    assert len(grid.problems) == PROBLEMS and grid.left_out == 0
    own, behind = (grid.costs(probed=probed)[0] for probed in (False, True))
    found = {one.label.partition(" T")[0]: at for at, one in enumerate(grid.options)}
    assert own[found["best_of_n(n=8)"]] == behind[found["best_of_n(n=8)"]] == 400
    assert own[found["majority_vote(n=4)"]] + 50 == behind[found["majority_vote(n=4)"]] == 250
    assert own[found["majority_vote(n=1) large"]] == 410


def test_a_setting_is_called_by_the_temperature_of_its_own_draws(tmp_path: Path) -> None:
    source = pool(tmp_path / "pool.jsonl")
    asked = ("single", "single(temperature=0.5)", "single(temperature=null)", "majority_vote(n=2)")
    place = recorded(tmp_path / "one.db", source, *asked, sampling={"temperature": 0.7})
    grid = asyncio.run(read_grid((("default", place),), "tokens"))
    told = dict(one.label.rsplit(" ", 1) for one in grid.options)
    assert told == {
        "single": "T=0",
        "single(temperature=0.5)": "T=0.5",
        "single(temperature=None)": "T=0.7",
        "majority_vote(n=2)": "T=0.7",
    }


def test_what_is_hard_gets_more_and_what_is_easy_keeps_its_first_draw(found: Calibration) -> None:
    told = found.policy.grid
    assert told is not None and told.held_out is not None
    assert told.choice[0].startswith("best_of_n(n=1) T=")
    assert len(set(told.choice)) > 1
    held = told.held_out
    assert held.problems == PROBLEMS // 2 and held.difference.low > 0
    assert held.ece is not None and held.ece < 0.2
    assert held.oracle is not None and held.oracle.value >= held.accuracy.value - 0.05
    assert sum(one.problems for one in held.slices) == held.problems


def test_the_ladder_of_a_choice_goes_on_with_the_draws_that_told_the_difficulty(
    found: Calibration,
) -> None:
    first, *others = found.policy.ladder.rungs
    assert (first.n, first.bins, first.select) == (1, (), "best")
    assert others and all(rung.bins for rung in others)
    told = [bin_ for rung in others for bin_ in rung.bins]
    assert 1 not in told and len(told) == len(set(told))
    assert any(rung.model == "large" and rung.whole for rung in others)


def test_a_real_run_of_the_policy_spends_and_answers_what_was_foretold(
    place: Path, found: Calibration, tmp_path: Path
) -> None:
    assert found.policy.grid is not None and found.policy.grid.held_out is not None
    found.policy.write(tmp_path / "policy.json")
    (tmp_path / "held.jsonl").write_text(canonical(found.held_out))
    ran = recorded(
        tmp_path / "run.db",
        place / "small.jsonl",
        f"compute_optimal(policy={tmp_path}/policy.json)",
        problems=str(tmp_path / "held.jsonl"),
        models={"large": f"replay:{place}/large.jsonl"},
    )
    attempts = asyncio.run(graded(read(ran, ""))).values()
    held = found.policy.grid.held_out
    right = np.mean([bool(one.grade.correct) for one in attempts])
    assert len(attempts) == held.problems
    assert right == pytest.approx(held.accuracy.value)
    assert np.mean([one.attributed.tokens for one in attempts]) == pytest.approx(held.cost.value)


def test_a_policy_is_not_judged_by_the_problems_that_it_was_chosen_on(
    place: Path, found: Calibration, tmp_path: Path
) -> None:
    found.policy.write(tmp_path / "policy.json")
    with pytest.raises(UsageError, match="fitted on 100 of these problems"):
        fitted(place, policy=tmp_path / "policy.json")
    other = tmp_path / "other"
    other.mkdir()
    renamed = (place / "small.jsonl").read_text().replace("Problem number", "Another number")
    (other / "small.jsonl").write_text(renamed)
    recorded(other / "small.db", other / "small.jsonl", *SETTINGS)
    large = (place / "large.jsonl").read_text().replace("Problem number", "Another number")
    (other / "large.jsonl").write_text(large)
    recorded(other / "large.db", other / "large.jsonl", LARGE)
    known = found.policy.model_copy(update={"models": {}})
    known.write(tmp_path / "known.json")
    told = fitted(other, policy=tmp_path / "known.json").policy.grid
    assert told is not None and told.held_out is not None
    assert told.held_out.problems == PROBLEMS and told.held_out.oracle is None


def test_a_price_buys_less_the_higher_it_is(place: Path) -> None:
    spent = []
    for price in (0.0, 1e-4, 1.0):
        told = fitted(place, price=price).policy.grid
        assert told is not None and told.held_out is not None
        spent.append(told.held_out.cost.value)
    assert spent[0] > spent[1] > spent[2] == 50


def test_one_setting_for_all_is_a_choice_too(place: Path) -> None:
    policy = fitted(place, bins="none").policy
    assert policy.grid is not None and policy.grid.held_out is not None
    assert len(policy.grid.choice) == 1 and policy.ladder.difficulty is None
    assert policy.grid.held_out.difference.value == 0


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ({"budget": 40.0}, "pays for no setting: the cheapest takes 50"),
        ({"unit": "dollars"}, "has no dollars: the price of a model is unknown"),
        ({"unit": "flops"}, "has no flops: the size of a model is unknown"),
        ({"probe": "beam_search"}, "--probe 'beam_search' is no setting that draws and chooses"),
    ],
)
def test_what_cannot_be_chosen_is_one_clear_line(
    place: Path, how: dict[str, Any], said: str
) -> None:
    with pytest.raises(UsageError, match=said) as caught:
        fitted(place, **how)
    assert "\n" not in str(caught.value)


def test_draws_in_place_of_a_ledger_are_refused_in_a_line(place: Path) -> None:
    with pytest.raises(BadInput, match=r"small\.jsonl is no ledger: settings are strategies"):
        asyncio.run(read_grid((("default", place / "small.jsonl"),), "tokens"))


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (["--grid", "large"], "--grid takes MODEL=FILE"),
        (["--grid", "a=b.db"], "Say what a problem may cost"),
        (["--budget", "2k", "--price", "1"], "say the same twice"),
        (["--budget", "2k, 3 calls"], "--budget is one amount in"),
        (["--budget", "2k tokens", "--cost", "flops"], "leave --cost out"),
        (["--budget", "2k", "--rung", "a=b"], "--rung is for a ladder of draws"),
        (["--price", "-1"], "--price is accuracy that a unit is worth"),
    ],
)
def test_a_wrong_flag_is_one_clear_line(place: Path, flags: list[str], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        CliRunner().invoke(
            app, ["calibrate", str(place / "small.db"), *flags], catch_exceptions=False
        )


def test_the_command_writes_the_policy_and_says_what_each_difficulty_gets(
    place: Path, tmp_path: Path
) -> None:
    out = tmp_path / "policy.json"
    flags = ["--grid", f"large={place}/large.db", "--budget", "300 tokens", "--out", str(out)]
    ran = CliRunner().invoke(app, ["calibrate", str(place / "small.db"), *flags])
    assert ran.exit_code == 0, ran.output
    for word in (
        "bin 1, ",
        "→ best_of_n(n=1)",
        "held out",
        "fixed",
        "oracle",
        "ECE",
        "looked easy",
    ):
        assert word in ran.output
    policy = read_policy(out)
    assert policy.version == 2 and policy.grid is not None and policy.grid.budget == 300
    assert {one.setting for one in policy.grid.measured} >= set(policy.grid.choice)


def test_runs_under_a_ceiling_are_left_out_and_said_so(place: Path, tmp_path: Path) -> None:
    budgets = (Budget(), Budget(tokens=400))
    ledger = recorded(tmp_path / "two.db", place / "small.jsonl", "best_of_n(n=1)", budgets=budgets)
    grid = asyncio.run(read_grid((("default", ledger),), "tokens"))
    assert len(grid.options) == 1 and "400 tokens are left out" in grid.notes[0]
