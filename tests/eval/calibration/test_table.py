"""A ladder on recorded draws does what the strategy does when it really runs."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tts.engine import SessionOptions, parse_strategy
from tts.equivalence import Equivalence
from tts.errors import BadInput
from tts.eval.calibration.sources import Source, read_source
from tts.eval.calibration.table import Table, table, walk
from tts.eval.recorded import read
from tts.eval.run_comparison import run_comparison
from tts.eval.spec import ComparisonSpec
from tts.strategies.allocation.difficulty import Difficulty
from tts.strategies.allocation.ladder import Ladder, Rung
from tts.strategies.allocation.policy import Policy
from tts.values import Budget

N, PROBLEMS = 6, "arithmetic:n=10,seed=3"
GREEDY = (
    Rung(temperature=0.0, accept=0.8),
    Rung(model="large", temperature=0.0, accept=0.9),
)
LADDERS = {
    "uniform": Ladder(rungs=(Rung(n=N, batch=N),)),
    "threshold": Ladder(rungs=(Rung(n=N, accept=0.8),)),
    "batches": Ladder(rungs=(Rung(n=N, accept=0.8, batch=2),)),
    "two models, giving up": Ladder(
        rungs=(*GREEDY, Rung(n=N, accept=0.9, abandon=0.2, patience=4))
    ),
    "worth": Ladder(rungs=(GREEDY[0], Rung(n=N, accept=0.99, worth=0.02))),
    "bins": Ladder(
        rungs=(GREEDY[0], Rung(n=2, bins=(1, 2)), Rung(n=N, accept=0.9, bins=(3,))),
        difficulty=Difficulty(weights={"constant": -4.0, "best": 6.0}),
    ),
}


def recorded(place: Path, strategy: str, *, model: str = "embedded:small", **how: Any) -> Path:
    """A ledger of one job, as `tts compare` makes it."""
    spec = ComparisonSpec(
        title="t",
        problems=PROBLEMS,
        strategies=(parse_strategy(strategy),),
        budgets=(Budget(),),
        options=SessionOptions(model=model, verifier="embedded:prm", **how),
    )
    asyncio.run(run_comparison(spec, ledger=place, job="job"))
    return place


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("recorded")
    greedy: dict[str, Any] = {"sampling": {"temperature": 0.0}}
    recorded(folder / "draws.db", f"best_of_n(n={N})", sampling={"temperature": 0.8})
    recorded(folder / "small.db", "best_of_n(n=1)", **greedy)
    recorded(folder / "large.db", "best_of_n(n=1)", model="embedded:large", **greedy)
    return folder


@pytest.fixture(scope="module")
def sources(place: Path) -> dict[str, Source]:
    async def found() -> dict[str, Source]:
        async with Equivalence() as equivalence:
            names = ("draws", "small", "large")
            return {name: await read_source(place / f"{name}.db", equivalence) for name in names}

    return asyncio.run(found())


@pytest.fixture(scope="module")
def drawn(sources: dict[str, Source]) -> Table:
    rungs = [("default", sources["small"]), ("large", sources["large"])]
    return table(rungs, sources["draws"], n=N, orders=1)


@pytest.mark.parametrize("name", LADDERS)
def test_a_real_run_spends_and_answers_what_was_replayed(
    name: str, drawn: Table, place: Path, tmp_path: Path
) -> None:
    policy = Policy(ladder=LADDERS[name], models={}, target="t", price=0.0, margin=0.0, problems={})
    policy.write(tmp_path / "policy.json")
    ran = recorded(
        tmp_path / "run.db",
        f"compute_optimal(policy={tmp_path}/policy.json)",
        models={"large": "embedded:large"},
        sampling={"temperature": 0.8},
    )
    done = walk(drawn, LADDERS[name])
    rows = {row.problem_id: row.attributed for row in read(ran, "").runs}
    assert done.flops is not None
    for at, problem in enumerate(drawn.problems):
        spent = rows[problem]
        assert spent is not None and spent.flops is not None
        assert int(done.tokens[at, 0]) == spent.tokens, problem
        assert np.isclose(done.flops[at, 0], spent.flops)


def test_who_drew_and_who_judged_is_known_of_a_ledger(sources: dict[str, Source]) -> None:
    who = sources["large"].who
    assert who.model.startswith("embedded:large ") and who.verifier["model"] == "embedded:prm"
    assert who.draw_flops and who.score_flops and who.draw_flops > 3 * who.score_flops


def test_every_order_has_the_same_draws(sources: dict[str, Source]) -> None:
    found = table([], sources["draws"], n=N, orders=3)
    scores = np.sort(found.draws.scores, axis=2)
    assert (scores[:, 0] == scores[:, 1]).all() and (scores[:, 0] == scores[:, 2]).all()


def test_a_record_without_scores_is_refused_in_a_line(tmp_path: Path) -> None:
    bare = tmp_path / "bare.jsonl"
    bare.write_text(
        '{"problem_id": "p", "model": "m", "problem": "1", "answer": "1", "correct": true}\n'
    )
    with pytest.raises(BadInput, match="1 of 1 problems have draws without a score"):
        asyncio.run(_read(bare))
    bare.write_text(bare.read_text() + bare.read_text().replace('"m"', '"n"'))
    with pytest.raises(BadInput, match="one model's draws are needed"):
        asyncio.run(_read(bare))


async def _read(path: Path) -> Source:
    async with Equivalence() as equivalence:
        return await read_source(path, equivalence)
