from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from tts.backends.fault_server import Fault, FaultPlan, FaultServer
from tts.backends.openai_http import HTTPStepScorer
from tts.backends.openai_http.step_scorer import StepTemplate
from tts.errors import BadReply, RateLimited
from tts.protocols import Meter, StepScoreRequest
from tts.values import Message, Model

ASKED = StepScoreRequest(messages=(Message("user", "1 + 1?"),), steps=("It is 2.", "So 2."))


def marked(turns: Sequence[Message], steps: Sequence[str]) -> str:
    return turns[0].content + "".join(f"{step}<extra_0>" for step in steps)


async def scored(fault: Fault | None, template: StepTemplate = marked) -> Any:
    async with FaultServer(FaultPlan(script=(fault,), repeat=True)) as server:
        scorer = HTTPStepScorer(Model(name="prm"), base_url=server.url, template=template)
        meter = Meter()
        try:
            return await scorer.score_steps(ASKED, meter), meter
        finally:
            await scorer.close()


async def test_each_step_gets_the_probability_of_being_right() -> None:
    reply, meter = await scored(None)
    assert len(reply.scores) == 2 and all(0 <= score <= 1 for score in reply.scores)
    assert meter.usage == reply.usage
    assert (reply.usage.calls, reply.usage.completion_tokens) == (1, 0)
    assert reply.usage.prompt_tokens > 0


async def test_a_template_that_loses_a_marker_is_noticed() -> None:
    with pytest.raises(BadReply, match="0 rows came for 2 steps"):
        await scored(None, template=lambda turns, steps: "no markers")


@pytest.mark.parametrize("row", [[0.5], [0.5, None], [0.1, 1.5], [1, 2, 3]])
async def test_rows_that_are_no_probabilities_are_refused(row: list[Any]) -> None:
    with pytest.raises(BadReply):
        await scored(Fault(kind="edit", fields={"data": [{"data": [row, row]}]}))


async def test_its_errors_are_the_same() -> None:
    with pytest.raises(RateLimited):
        await scored(Fault(kind="status", status=429))
