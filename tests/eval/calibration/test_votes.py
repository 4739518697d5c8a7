"""A vote that ends when its leader is sure: replayed as it really runs, and fitted like scores."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from tts.cli.app import app
from tts.engine import SessionOptions, parse_strategy
from tts.equivalence import Equivalence
from tts.errors import BadInput, UsageError
from tts.eval.calibration import Wanted, calibrate
from tts.eval.calibration.fit import climbed
from tts.eval.calibration.sources import read_source
from tts.eval.calibration.table import Column, Table, table
from tts.eval.calibration.votes import walk_votes
from tts.eval.recorded import graded, read
from tts.eval.run_comparison import run_comparison
from tts.eval.spec import ComparisonSpec
from tts.strategies.allocation.ladder import Ladder, Rung
from tts.strategies.allocation.policy import Policy, read_policy
from tts.strategies.parts.stopping import Beta, Seen
from tts.values import Budget

N, PROBLEMS = 8, 200


def pool(path: Path) -> Path:
    """Unscored draws of problems of every difficulty; a tenth of them state no answer."""
    luck = np.random.default_rng(0)
    rows = []
    for at in range(PROBLEMS):
        for place in range(N):
            right, mute = luck.random() < (at % 20) / 19, luck.random() < 0.1
            answer = None if mute else "1" if right else str(luck.integers(2, 5))
            row = {
                "problem_id": f"p{at}",
                "problem": f"Problem number {at}",
                "reference": "1",
                "model": "m",
                "sample_index": place,
                "completion": f"{at} {place}",
                "answer": answer,
                "correct": answer == "1",
                "finish_reason": "stop",
                "prompt_tokens": 10,
                "completion_tokens": 20 + place,
            }
            rows.append(msgspec.json.encode(row))
    path.write_bytes(b"\n".join(rows) + b"\n")
    return path


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return pool(tmp_path_factory.mktemp("votes") / "draws.jsonl")


@pytest.fixture(scope="module")
def drawn(place: Path) -> Table:
    async def found() -> Table:
        async with Equivalence() as equivalence:
            source = await read_source(place, equivalence, signal="agreement")
        return table([], source, n=N, orders=1, signal="agreement")

    return asyncio.run(found())


def vote(**how: Any) -> Ladder:
    return Ladder(rungs=(Rung(**how),), signal="agreement", select="majority")


@pytest.mark.parametrize("how", [{"n": N, "accept": 0.9}, {"n": 6, "accept": 0.8, "batch": 4}])
def test_a_real_run_spends_and_answers_what_was_replayed(
    how: dict[str, Any], drawn: Table, place: Path, tmp_path: Path
) -> None:
    ladder = vote(**how)
    Policy(ladder=ladder, models={}, target="t", price=0, margin=0, problems={}).write(
        tmp_path / "policy.json"
    )
    spec = ComparisonSpec(
        title="t",
        problems=f"replay:{place}",
        strategies=(parse_strategy(f"compute_optimal(policy={tmp_path}/policy.json)"),),
        budgets=(Budget(),),
        options=SessionOptions(model=f"replay:{place}", verifier="none"),
    )
    asyncio.run(run_comparison(spec, ledger=tmp_path / "run.db", job="job"))
    attempts = asyncio.run(graded(read(tmp_path / "run.db", ""))).values()
    done = walk_votes(drawn, ladder)
    for one in attempts:
        at = drawn.problems.index(one.problem_id)
        assert one.attributed.tokens == int(done.tokens[at, 0]), one.problem_id
        assert bool(one.grade.correct) == bool(done.right[at, 0]), one.problem_id


classes = st.lists(st.integers(-1, 3), min_size=1, max_size=9)


def lone(votes: list[int]) -> Table:
    """One problem; class 0 is right."""
    shape = (1, 1, len(votes))
    told = np.array(votes).reshape(shape)
    zeros, ones = np.zeros(shape), np.ones(shape, dtype=np.int64)
    column = Column(
        model="default",
        greedy=False,
        scores=zeros,
        keys=zeros,
        answered=told >= 0,
        correct=told == 0,
        tokens=ones,
        asked=ones,
        scoring=ones,
        texts=ones,
        classes=told,
        draw_flops=2.0,
        score_flops=None,
    )
    return Table(problems=("p",), prompts=("p",), columns=(column,), signal="agreement")


@settings(max_examples=60)
@given(classes, st.floats(0.55, 0.99), st.integers(1, 4))
def test_it_ends_where_the_rule_of_the_strategy_does(
    votes: list[int], accept: float, batch: int
) -> None:
    done = climbed(lone(votes), vote(n=len(votes), accept=accept, batch=batch))
    seen = Seen(tuple(one if one >= 0 else None for one in votes))
    ends = [k for k in range(1, len(votes) + 1) if Beta(accept).stops(seen.first(k))]
    first = ends[0] if ends else len(votes)
    assert int(done.drawn[0, 0]) == min(-(-first // batch) * batch, len(votes))
    assert done.flops is not None and done.flops[0, 0] == 2 * done.drawn[0, 0]


@settings(max_examples=60)
@given(classes)
def test_a_draw_without_an_answer_is_missing_and_never_a_vote(votes: list[int]) -> None:
    done = climbed(lone(votes), vote(n=len(votes)))
    voting = [one for one in votes if one >= 0]
    assert bool(done.right[0, 0]) == (
        bool(voting) and max(dict.fromkeys(voting), key=voting.count) == 0
    )


def test_votes_are_fitted_like_scores(place: Path) -> None:
    wanted = Wanted(draws=place, n=N, margin=0.06, orders=2, signal="agreement")
    policy = asyncio.run(calibrate(wanted)).policy
    [rung] = policy.ladder.rungs
    assert (policy.ladder.signal, policy.ladder.select) == ("agreement", "majority")
    assert rung.accept is None or rung.accept > 0.5
    assert policy.target == "majority_vote(n=8)" and policy.verifier is None
    held = policy.held_out
    assert held is not None and held.ratio.low > 1.1 and held.difference.low > -0.1


def test_what_a_vote_cannot_be_fitted_to_is_one_clear_line(place: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="A vote is fitted to the draws of one model"):
        asyncio.run(calibrate(Wanted(draws=place, signal="agreement", bins="snell")))
    with pytest.raises(BadInput, match="or to votes with --signal agreement"):
        asyncio.run(calibrate(Wanted(draws=place)))
    mute = tmp_path / "mute.jsonl"
    mute.write_text('{"problem_id": "p", "problem": "1", "model": "m", "correct": true}\n')
    with pytest.raises(BadInput, match="no answers to vote with"):
        asyncio.run(calibrate(Wanted(draws=mute, signal="agreement")))
    with pytest.raises(UsageError, match="--signal is one of score, agreement"):
        flags = ["calibrate", str(place), "--signal", "luck"]
        CliRunner().invoke(app, flags, catch_exceptions=False)


def test_the_command_fits_a_vote(place: Path, tmp_path: Path) -> None:
    flags = ["--signal", "agreement", "--n", "8", "--margin", "0.06", "--orders", "1"]
    out = tmp_path / "policy.json"
    ran = CliRunner().invoke(app, ["calibrate", str(place), *flags, "--out", str(out)])
    assert ran.exit_code == 0, ran.output
    assert "of the vote shares" in ran.output and "scored again" not in ran.output
    assert read_policy(out).ladder.signal == "agreement"
