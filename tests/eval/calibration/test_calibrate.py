"""From recorded draws to a policy: parts, choice, held-out figures, and every refusal."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from typer.testing import CliRunner

from tts.cli.app import app
from tts.equivalence import Equivalence
from tts.errors import BadInput, UsageError
from tts.eval.calibration import Calibration, Wanted, calibrate, summary_lines
from tts.eval.calibration.fit import choose, costing, fit, guess, logistic
from tts.eval.calibration.judge import Bootstrap
from tts.eval.calibration.sources import read_source
from tts.eval.calibration.table import Column, Table, table
from tts.eval.problems import load_problem_set
from tts.strategies.allocation.policy import read_policy

PROBLEMS, DRAWS = 240, 8


def write(path: Path, *, draws: int, first: int = 0, gain: float = 0.0, seed: int = 0) -> Path:
    """Draws of problems of every difficulty, with a verifier that is seldom wrong."""
    luck = np.random.default_rng(seed)
    lines = []
    for at in range(first, first + PROBLEMS):
        chance = min(1.0, (at % 20) / 19 + gain)
        for place in range(draws):
            right = bool(luck.random() < chance)
            score = float(np.clip(luck.normal(0.9 if right else 0.2, 0.05), 0, 1))
            lines.append(
                msgspec.json.encode(
                    {
                        "problem_id": f"p{at}",
                        "problem": f"Problem number {at}",
                        "model": "m",
                        "sample_index": place,
                        "completion": f"{at} {place} {seed}",
                        "answer": "1" if right else f"0.{place}",
                        "correct": right,
                        "finish_reason": "stop",
                        "prompt_tokens": 10,
                        "completion_tokens": 40,
                        "score": score,
                        "score_tokens": 50,
                    }
                )
            )
    path.write_bytes(b"\n".join(lines) + b"\n")
    return path


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pools")
    write(folder / "draws.jsonl", draws=DRAWS)
    write(folder / "greedy.jsonl", draws=1, gain=0.1, seed=1)
    write(folder / "others.jsonl", draws=DRAWS, first=1000, seed=2)
    return folder


def fitted(files: Path, **how: Any) -> Calibration:
    wanted = {"draws": files / "draws.jsonl", "n": DRAWS, "margin": 0.03, "orders": 2, **how}
    return asyncio.run(calibrate(Wanted(**wanted)))


@pytest.fixture(scope="module")
def found(files: Path) -> Calibration:
    return fitted(files, rungs=(("default", files / "greedy.jsonl"),))


def test_a_fitted_ladder_saves_much_and_loses_little_on_problems_it_never_saw(
    found: Calibration,
) -> None:
    held = found.policy.held_out
    assert held is not None and held.problems == PROBLEMS // 2
    assert held.ratio.low > 1.5 and held.difference.low > -0.06
    assert held.ratio.low <= held.ratio.value <= held.ratio.high
    assert held.flops_ratio is None, "nobody recorded how large the models are"


def test_the_parts_share_no_problem(found: Calibration) -> None:
    parts = found.policy.problems
    sizes = {name: len(ids) for name, ids in parts.items()}
    assert sizes == {"train": 60, "calibration": 60, "held_out": 120}
    assert len(set().union(*parts.values())) == PROBLEMS


def test_the_same_seed_gives_the_same_policy(files: Path, found: Calibration) -> None:
    again = fitted(files, rungs=(("default", files / "greedy.jsonl"),))
    assert again.policy == found.policy


def test_bins_give_rungs_of_their_own(files: Path) -> None:
    async def drawn() -> Table:
        async with Equivalence() as equivalence:
            read = await read_source(files / "draws.jsonl", equivalence)
            greedy = await read_source(files / "greedy.jsonl", equivalence)
        return table([("default", greedy)], read, n=DRAWS, orders=1)

    found = asyncio.run(drawn())
    difficulty = guess(found, "liu")
    [one] = fit(found, [0.05], costing(found, "tokens", DRAWS), difficulty)
    assert [rung.bins for rung in one.ladder.rungs] == [(), (1,), (2,), (3,)]
    assert one.ladder.difficulty == difficulty and difficulty.edges == (0.1, 0.5)


def test_the_held_out_slices_are_fifths_by_difficulty(found: Calibration) -> None:
    held = found.policy.held_out
    assert held is not None and [one.problems for one in held.slices] == [24] * 5
    accuracies = [one.accuracy.value for one in held.slices]
    assert accuracies[0] > accuracies[-1]


def test_the_summary_names_rungs_and_figures(found: Calibration) -> None:
    told = "\n".join(summary_lines(found))
    for word in ("60 train", "rung 1", "held out", "difference", "control", "fifth 5"):
        assert word in told


def test_a_policy_is_judged_by_other_problems_and_not_by_its_own(
    files: Path, found: Calibration, tmp_path: Path
) -> None:
    found.policy.write(tmp_path / "policy.json")
    greedy = write(tmp_path / "greedy.jsonl", draws=1, first=1000, gain=0.1, seed=3)
    how = {"policy": tmp_path / "policy.json", "rungs": (("default", greedy),)}
    judged = fitted(files, draws=files / "others.jsonl", **how).policy
    assert judged.held_out is not None and judged.held_out.problems == PROBLEMS
    own = {**how, "rungs": (("default", files / "greedy.jsonl"),)}
    with pytest.raises(UsageError, match="fitted on 120 of these problems"):
        fitted(files, **own)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"cost": "flops"}, "sizes of the models are not recorded"),
        ({"bins": "snell"}, "Bins are told by greedy draws"),
        ({"n": 99}, "no problem has 99 draws"),
    ],
)
def test_what_cannot_be_fitted_is_one_clear_line(
    files: Path, changes: dict[str, Any], said: str
) -> None:
    with pytest.raises(UsageError, match=said) as caught:
        fitted(files, **changes)
    assert "\n" not in str(caught.value)


def test_a_ladder_that_is_not_safe_on_other_problems_is_not_chosen(files: Path) -> None:
    async def drawn() -> Table:
        async with Equivalence() as equivalence:
            read = await read_source(files / "draws.jsonl", equivalence)
        return table([], read, n=DRAWS, orders=1)

    honest = asyncio.run(drawn())
    draws = honest.draws
    fields = {name: getattr(draws, name) for name in draws.__struct_fields__}
    column = Column(**{**fields, "scores": 1 - draws.scores})
    lying = Table(problems=honest.problems, prompts=honest.prompts, columns=(column,))
    with pytest.raises(UsageError, match=r"No ladder is within 1 points .* the nearest may lose"):
        choose((honest, lying), honest, n=DRAWS, margin=0.01)


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (["--rung", "large"], "--rung takes MODEL=FILE"),
        (["--rung", "a=x", "--rung", "a=y"], "given twice"),
        (["--n", "1"], "--n is at least 2"),
        (["--margin", "2"], "--margin is a share"),
        (["--bins", "ten"], "--bins is one of none, snell, liu"),
        (["--cost", "dollars"], "--cost is one of tokens, flops"),
    ],
)
def test_a_wrong_flag_is_one_clear_line(files: Path, flags: list[str], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        CliRunner().invoke(
            app, ["calibrate", str(files / "draws.jsonl"), *flags], catch_exceptions=False
        )


def test_the_command_writes_a_policy_and_says_how_it_is_used(files: Path, tmp_path: Path) -> None:
    out = tmp_path / "made" / "policy.json"
    held = tmp_path / "held.jsonl"
    flags = ["--n", "8", "--margin", "0.05", "--orders", "1", "--out", str(out)]
    flags += ["--held-out", str(held)]
    ran = CliRunner().invoke(app, ["calibrate", str(files / "draws.jsonl"), *flags])
    assert ran.exit_code == 0, ran.output
    assert "compute_optimal(policy=" in ran.output and read_policy(out).target == "best_of_n(n=8)"
    problems = load_problem_set(held).problems
    assert len(problems) == PROBLEMS // 2
    read_policy(out).refuse_problems(problems)


def test_a_file_that_is_not_there_is_one_clear_line(files: Path) -> None:
    with pytest.raises(BadInput, match="none"):
        fitted(files, draws=files / "none.jsonl")


def test_the_logistic_fit_finds_the_weights_of_many_fractions() -> None:
    luck = np.random.default_rng(0)
    rows = np.stack([np.ones(5000), luck.normal(size=5000)], axis=1)
    chance = 1 / (1 + np.exp(-(rows @ np.array([-0.5, 2.0]))))
    assert logistic(rows, chance) == pytest.approx([-0.5, 2.0], abs=0.02)


def test_a_ratio_of_a_thing_to_itself_is_one() -> None:
    found = Bootstrap(50, 0).ratio(np.arange(1.0, 51), np.arange(1.0, 51))
    assert (found.low, found.value, found.high) == pytest.approx((1, 1, 1))
