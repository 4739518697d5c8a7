from __future__ import annotations

import asyncio
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from tts.ledger import JobLeases, Ledger
from tts.values import Dimension, Usage

CAP: dict[Dimension, int] = {"calls": 60, "tokens": 9000}
STEP = st.tuples(st.integers(0, 2), st.sampled_from(["draw", "return", "close"]), st.integers(1, 9))


class Fleet:
    """Three openings of one ledger that draw, spend and end in any order."""

    def __init__(self, place: str, rows: Any) -> None:
        self.place, self.rows, self.spent, self.count = place, rows, 0, 0
        self.members = [self.start() for _ in range(3)]

    def start(self) -> tuple[Ledger, JobLeases]:
        ledger = Ledger.open(self.place, job="job")
        return ledger, JobLeases(ledger)

    async def step(self, at: int, action: str, size: int) -> None:
        ledger, leases = self.members[at]
        if action == "close":
            await ledger.close()
            self.members[at] = self.start()
            return
        least: dict[Dimension, int] = {"calls": size, "tokens": size * 100}
        drawn = await leases.draw(CAP, least, most=64)
        if drawn is None:
            return
        assert drawn.keys() == CAP.keys() and all(drawn[name] >= least[name] for name in drawn)
        spend = drawn["calls"] if action == "draw" else drawn["calls"] // 2
        await self.pay(ledger, spend)
        if action == "return":
            await leases.give_back(
                {"calls": drawn["calls"] - spend, "tokens": drawn["tokens"] - spend * 100}
            )

    async def pay(self, ledger: Ledger, calls: int) -> None:
        self.count += 1
        self.spent += calls
        usage = Usage(calls=calls, completion_tokens=calls * 100)
        intent = self.rows.intent(f"a{self.count}", worst=usage)
        # Every second attempt is left open: it counts at its worst case.
        ended = [self.rows.settled(f"a{self.count}", billed=usage)] if self.count % 2 else []
        await ledger.commit(intent, *ended)


@settings(max_examples=8, deadline=None, phases=[Phase.explicit, Phase.generate])
@given(steps=st.lists(STEP, max_size=15))
def test_no_order_of_draws_and_ends_exceeds_the_cap(
    tmp_path_factory: pytest.TempPathFactory, rows: Any, steps: list[tuple[int, str, int]]
) -> None:
    async def work() -> None:
        fleet = Fleet(str(tmp_path_factory.mktemp("fleet") / "ledger.db"), rows)
        for step in steps:
            await fleet.step(*step)
            assert fleet.spent <= CAP["calls"]
        for ledger, _ in fleet.members:
            await ledger.close()
        ledger, leases = fleet.start()
        left = {"calls": CAP["calls"] - fleet.spent, "tokens": CAP["tokens"] - fleet.spent * 100}
        assert await leases.left(CAP) == left
        await ledger.close()

    asyncio.run(work())
