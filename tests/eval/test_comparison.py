"""A comparison that is cut off, told late, or shared by several processes."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tts.backends.fault_server import Latency
from tts.backends.simulated import SimulatedGenerator
from tts.engine import SessionOptions, parse_budget, parse_strategy
from tts.errors import UnknownPrice, UsageError
from tts.eval.comparison import Comparison
from tts.eval.grid import fair_part
from tts.eval.problems import load_problem_set, shuffled
from tts.eval.report import ComparisonReport
from tts.eval.run_comparison import run_comparison
from tts.eval.spec import ComparisonSpec
from tts.protocols import GenerateReply, GenerateRequest, Meter, TextListener
from tts.strategies.allocation.ladder import Ladder, Rung
from tts.strategies.allocation.policy import Policy, prompt_digest
from tts.values import Budget

PRICES = "simulated: {prompt: 2, completion: 10}\n"
"""Dollars per million tokens."""
MANY = load_problem_set("arithmetic:40").problems


class Counting(SimulatedGenerator):
    """Counts what it is asked, by (prompt, seed); never answers what it finds hard."""

    def __init__(
        self, seconds: float = 0.0, *, hard: Sequence[str] = (), gate: asyncio.Event | None = None
    ) -> None:
        super().__init__(0.7, latency=Latency(kind="fixed", median=seconds))
        self.asked: Counter[tuple[str, int]] = Counter()
        self.order: list[str] = []
        self._hard, self._gate = hard, gate

    async def generate(
        self, request: GenerateRequest, meter: Meter, listener: TextListener | None = None
    ) -> GenerateReply:
        prompt = request.messages[-1].content
        self.order.append(prompt)
        self.asked.update((prompt, seed) for seed in request.seeds)
        if any(one in prompt for one in self._hard):
            await asyncio.sleep(3600)
        if self._gate is not None:
            await self._gate.wait()
        return await super().generate(request, meter, listener)


def spec(generator: Any, problems: str = "arithmetic:40", **changes: Any) -> ComparisonSpec:
    strategies = changes.pop("strategies", ["majority_vote(n=2)"])
    budgets = changes.pop("budgets", [])
    options = SessionOptions(
        model=generator, verifier=None, sampling={"max_tokens": 64}, **changes.pop("options", {})
    )
    return ComparisonSpec(
        title="t",
        problems=problems,
        strategies=tuple(map(parse_strategy, strategies)),
        budgets=tuple(map(parse_budget, budgets)) or (Budget(),),
        options=options,
        **changes,
    )


def refused(tmp_path: Path, generator: Counting, **changes: Any) -> str:
    """The words of the refusal; nothing was asked."""
    prices = tmp_path / "prices.yaml"
    prices.write_text(PRICES)
    asked = spec(generator, options={"prices": prices}, **changes)
    with pytest.raises(UsageError) as caught:
        asyncio.run(run_comparison(asked, ledger=tmp_path / "tts.db", job="job"))
    assert not generator.asked
    return str(caught.value)


# A part


@given(st.lists(st.booleans(), max_size=300))
def test_a_fair_part_has_nearly_ended_and_no_longer_one_has(ended: list[bool]) -> None:
    length = fair_part(ended)
    assert sum(ended[:length]) >= 0.95 * length
    longer = range(length + 1, len(ended) + 1)
    assert all(sum(ended[:more]) < 0.95 * more for more in longer)


@given(st.integers(0, 50), st.integers(0, 40))
def test_every_beginning_of_the_order_holds_the_bins_in_proportion(seed: int, taken: int) -> None:
    order = shuffled(MANY, seed=seed)
    assert sorted(one.id for one in order) == sorted(one.id for one in MANY)
    bins = Counter(one.difficulty_bin for one in order[:taken])
    assert all(abs(bins[place] - taken / 5) <= 2 for place in range(1, 6))


def test_another_seed_is_another_order_and_the_same_seed_the_same() -> None:
    assert shuffled(MANY, seed=1) == shuffled(MANY, seed=1) != shuffled(MANY, seed=2)


def test_problems_run_shuffled_unless_told_otherwise(tmp_path: Path) -> None:
    given_, mixed, few = Counting(), Counting(), "arithmetic:15"
    asyncio.run(
        run_comparison(
            spec(given_, few, order="given", window=1), ledger=tmp_path / "a.db", job="job"
        )
    )
    asyncio.run(run_comparison(spec(mixed, few, window=1), ledger=tmp_path / "b.db", job="job"))
    assert sorted(given_.order) == sorted(mixed.order)
    assert given_.order != mixed.order


class Started:
    """A comparison under way."""

    def __init__(self, asked: ComparisonSpec, place: Path) -> None:
        self.seen: list[Comparison] = []
        self.task = asyncio.ensure_future(
            run_comparison(asked, ledger=place, job="job", watch=self.seen.append)
        )

    async def until(self, holds: Callable[[Comparison], bool]) -> None:
        """Wait for something to be so, however long this machine takes."""
        while not (self.seen and holds(self.seen[0])):  # noqa: ASYNC110 — of anything
            await asyncio.sleep(0.01)

    async def interrupted(self) -> ComparisonReport:
        self.task.cancel()
        return await self.task


def interrupted(place: Path, generator: Counting, ended: int, after: float = 0) -> ComparisonReport:
    """Cancelled so many seconds after the grid is known and so many runs have ended."""

    async def work() -> ComparisonReport:
        part = Started(spec(generator, strategies=["single"]), place)
        await part.until(lambda one: len(one.attempts) >= ended)
        await asyncio.sleep(after)
        return await part.interrupted()

    return asyncio.run(work())


def test_a_part_counts_only_what_did_not_end_ahead_of_its_turn(tmp_path: Path) -> None:
    hard = [one.prompt for one in MANY if one.difficulty_bin == 5]
    report = interrupted(tmp_path / "tts.db", Counting(hard=hard), 32)
    (row,) = report.rows
    assert report.partial.startswith("Partial: 32 of 40 runs")
    assert (row.runs, row.planned) == (32, 40)
    assert 0 < row.n < 32 and row.n + row.early == 32
    assert any("ahead of their turn" in one for one in report.warnings)


@pytest.mark.parametrize("after", [0.0, 0.01, 0.3])
def test_an_interruption_at_any_moment_leaves_a_report_that_says_so(
    tmp_path: Path, after: float
) -> None:
    report = interrupted(tmp_path / "tts.db", Counting(3600.0), 0, after)
    assert report.partial.startswith("Partial: 0 of 40 runs")


@pytest.mark.parametrize("after", [0.0, 0.002, 0.02])
def test_an_interruption_while_resuming_forgets_nothing_that_had_ended(
    tmp_path: Path, after: float
) -> None:
    hard = [one.prompt for one in MANY if one.difficulty_bin == 5]
    place = tmp_path / "tts.db"
    assert interrupted(place, Counting(hard=hard), 32).rows[0].runs == 32
    assert interrupted(place, Counting(hard=hard), 0, after).rows[0].runs == 32


# What cannot work


def test_a_budget_too_small_for_the_longest_problem_is_told_in_dollars(tmp_path: Path) -> None:
    words = refused(
        tmp_path, Counting(), strategies=["single", "majority_vote(n=2)"],
        budgets=["10 calls", "$0.000021"],
    )  # fmt: skip
    assert "A budget of $0.000021 is too small" in words
    assert "nanodollars" not in words and "Nothing was sent" in words


@pytest.mark.parametrize("budget", ["5 tokens", "1 calls", "3 completion_tokens", "$0.0000001"])
def test_every_dimension_is_checked_beforehand(tmp_path: Path, budget: str) -> None:
    assert "is too small" in refused(tmp_path, Counting(), budgets=["1m tokens", budget])


def test_what_a_too_small_budget_asks_for_is_enough(tmp_path: Path) -> None:
    words = refused(tmp_path, Counting(), budgets=["$0.000021"])
    enough = words.split("Give at least ")[1].split(",")[0]
    asked = spec(Counting(), budgets=[enough], options={"prices": tmp_path / "prices.yaml"})
    report = asyncio.run(run_comparison(asked, ledger=tmp_path / "enough.db", job="job"))
    assert report.rows[0].runs == 40


def test_a_wallet_in_an_unknown_price_is_refused_and_leaves_no_job(tmp_path: Path) -> None:
    place, model = tmp_path / "tts.db", Counting()
    with pytest.raises(UnknownPrice, match="The wallet caps dollars"):
        asyncio.run(run_comparison(spec(model, wallet=parse_budget("$2")), ledger=place, job="job"))
    assert not model.asked
    assert asyncio.run(run_comparison(spec(model), ledger=place, job="job")).partial == ""


def test_a_strategy_without_its_verifier_is_refused_before_others_are_paid(tmp_path: Path) -> None:
    words = refused(tmp_path, Counting(), strategies=["single", "best_of_n(n=2)"])
    assert "best_of_n" in words and "verifier" in words


def test_a_policy_is_not_judged_by_the_problems_it_was_fitted_on(tmp_path: Path) -> None:
    taught = (prompt_digest(MANY[3].prompt),)
    Policy(
        ladder=Ladder(rungs=(Rung(n=2),), signal="agreement", select="majority"),
        models={},
        target="single",
        price=0.0,
        margin=0.0,
        problems={"train": taught},
    ).write(tmp_path / "policy.json")
    strategies = ["majority_vote(n=2)", f"compute_optimal(policy={tmp_path}/policy.json)"]
    said = refused(tmp_path, Counting(), strategies=strategies)
    assert said.startswith(f"The policy was fitted on 1 of these problems, {MANY[3].id!r} first")


def test_what_only_shows_later_ends_its_own_cell(tmp_path: Path) -> None:
    class Late(Counting):
        """Its prompts seem short until something is asked."""

        def count_prompt(self, messages: Any, prefix: str) -> int:
            return 5_000 if self.asked and "+" in messages[-1].content else 5

    report = asyncio.run(
        run_comparison(
            spec(Late(), budgets=["400 tokens", "90k tokens"], window=2),
            ledger=tmp_path / "tts.db",
            job="job",
        )
    )
    small, large = report.rows
    assert small.stopped_by.get("failed", 0) > 0
    assert large.stopped_by == {"done": 40}
    assert small.runs == large.runs == 40


# Several processes


def test_processes_that_start_together_share_a_small_job(tmp_path: Path) -> None:
    models = [Counting(0.2) for _ in range(4)]

    async def work() -> list[ComparisonReport]:
        asked = (spec(model, strategies=["majority_vote(n=4)"]) for model in models)
        return await asyncio.gather(
            *(run_comparison(one, ledger=tmp_path / "tts.db", job="job") for one in asked)
        )

    reports = asyncio.run(work())
    assert [(one.partial, one.rows[0].runs) for one in reports] == [("", 40)] * 4
    assert all(one.rows == reports[0].rows for one in reports)
    assert all(model.asked for model in models)
    together = sum((model.asked for model in models), Counter[tuple[str, int]]())
    assert sum(together.values()) == 160


def test_a_process_that_finds_everything_taken_waits_for_the_others(tmp_path: Path) -> None:
    gate = asyncio.Event()
    first, second, place = Counting(gate=gate), Counting(), tmp_path / "tts.db"

    async def work() -> list[ComparisonReport]:
        early = Started(spec(first, "arithmetic:3"), place)
        await early.until(lambda _: len(first.asked) == 6)
        late = Started(spec(second, "arithmetic:3"), place)
        await late.until(lambda one: len(one.elsewhere) == 3)
        gate.set()
        return [await early.task, await late.task]

    assert [one.rows[0].runs for one in asyncio.run(work())] == [3, 3]
    assert not second.asked


def test_what_an_interrupted_process_held_is_taken_over(tmp_path: Path) -> None:
    held, free, place = Counting(3600.0), Counting(), tmp_path / "tts.db"

    async def work() -> ComparisonReport:
        first = Started(spec(held, "arithmetic:3"), place)
        await first.until(lambda _: len(held.asked) == 6)
        other = Started(spec(free, "arithmetic:3"), place)
        await other.until(lambda one: len(one.elsewhere) == 3)
        assert (await first.interrupted()).partial
        return await other.task

    assert asyncio.run(work()).rows[0].runs == 3
