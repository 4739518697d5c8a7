from __future__ import annotations

import asyncio

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from tts.ledger import Ledger
from tts.protocols import CallRow, OutcomeRow, UseRow
from tts.values import Usage

WORD = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=6)
COUNT = st.integers(0, 2**63 - 1)
USAGE = st.builds(
    Usage,
    calls=COUNT,
    prompt_tokens=COUNT,
    cached_prompt_tokens=COUNT,
    completion_tokens=COUNT,
    reasoning_tokens=COUNT,
    nanodollars=st.none() | COUNT,
    flops=st.none() | COUNT,
    gpu_microseconds=st.none() | COUNT,
    retrievals=COUNT,
)
FINITE = st.floats(allow_nan=False, allow_infinity=False)
CALLS = st.builds(
    CallRow,
    job=st.just("job"),
    key=WORD,
    problem_id=st.just("p"),
    role=st.just("sample"),
    index=st.integers(0, 2**31 - 1),
    content=st.binary(max_size=20),
    usage=USAGE,
    **dict.fromkeys(["operation", "version", "model", "revision", "input_hash"], WORD),
    parent_key=WORD,
    degraded=WORD,
)
PLACE = {"job": st.just("job"), "run_id": st.just("r"), "node": WORD, "attributed": USAGE}
USES = st.builds(UseRow, **PLACE, key=WORD, role=WORD, name=WORD, inputs=WORD, at=FINITE)
OUTCOMES = st.builds(OutcomeRow, **PLACE, content=WORD.map(str.encode))


@settings(max_examples=10, deadline=None, phases=[Phase.explicit, Phase.generate])
@given(
    calls=st.lists(CALLS, max_size=20, unique_by=lambda row: row.key),
    uses=st.lists(USES, max_size=20, unique_by=lambda row: row.node),
    outcomes=st.lists(OUTCOMES, max_size=9, unique_by=lambda row: row.node),
)
def test_rows_come_back_as_they_were_written(
    tmp_path_factory: pytest.TempPathFactory,
    calls: list[CallRow],
    uses: list[UseRow],
    outcomes: list[OutcomeRow],
) -> None:
    async def work() -> None:
        place = tmp_path_factory.mktemp("round") / "ledger.db"
        async with Ledger.open(place, job="job") as ledger:
            await ledger.commit(*calls, *uses, *outcomes)
            ledger.forget("p")
            await ledger.load("p")
            assert [ledger.find(row.key) for row in calls] == calls
            assert await ledger.uses("r") == sorted(uses, key=lambda use: (use.at, use.node))
            found = await ledger.outcomes("r")
            assert {row.node: row for row in found} == {row.node: row for row in outcomes}

    asyncio.run(work())
