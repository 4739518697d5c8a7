from __future__ import annotations

from typing import Literal

import pytest

from tts.backends.embedded.generator import EmbeddedGenerator
from tts.backends.embedded.model import EmbeddedModel
from tts.backends.simulated import SimulatedGenerator
from tts.eval.tune.trial_process import DRAWS, draw, read
from tts.protocols import GenerateReply, GenerateRequest, MarkedRow, Meter, RowReading, TextListener
from tts.values import Model

Drawing = Literal["best_of_n", "beam", "rag"]


class Noting(SimulatedGenerator):
    """Keeps what it was asked."""

    def __init__(self) -> None:
        super().__init__(0.5, model=Model(name="s", parameters=0, context_length=600))
        self.asked: list[GenerateRequest] = []

    async def generate(
        self, request: GenerateRequest, meter: Meter, listener: TextListener | None = None
    ) -> GenerateReply:
        self.asked.append(request)
        return await super().generate(request, meter, listener)


class Reader:
    """A reward model that keeps its rows."""

    model = Model(name="r")

    def __init__(self) -> None:
        self.rows: list[MarkedRow] = []

    async def read(self, row: MarkedRow) -> RowReading:
        self.rows.append(row)
        return RowReading(vectors=((0.0,),) * len(row.marks), computed_tokens=len(row.ids))

    async def close(self) -> None: ...


async def asked(workload: Drawing, turn: int = 1) -> list[GenerateRequest]:
    generator = Noting()
    assert await draw(workload, generator, problems=2, turn=turn) > 0
    return generator.asked


async def test_best_of_n_draws_each_prompt_many_times() -> None:
    requests = await asked("best_of_n")
    assert len(requests) == 2 * DRAWS
    assert len({request.messages for request in requests}) == 2
    assert len({request.seeds for request in requests}) == 2 * DRAWS


async def test_beam_continues_partial_texts_step_by_step() -> None:
    requests = await asked("beam")
    assert any(request.prefix for request in requests)
    assert all(request.sampling.stop == ("\n\n",) for request in requests)


async def test_rag_reads_long_prompts_that_share_their_beginning() -> None:
    prompts = sorted({request.messages[0].content for request in await asked("rag")})
    assert [prompt[:300] for prompt in prompts] == [prompts[0][:300]] * 2
    assert all(250 < len(prompt.split()) <= 400 for prompt in prompts)


@pytest.mark.parametrize("workload", ["best_of_n", "beam", "rag"])
async def test_a_turn_is_the_same_each_time_and_another_one_is_not(workload: Drawing) -> None:
    first = [(r.seeds, r.prefix, r.messages) for r in await asked(workload)]
    assert first == [(r.seeds, r.prefix, r.messages) for r in await asked(workload)]
    assert first != [(r.seeds, r.prefix, r.messages) for r in await asked(workload, turn=2)]


async def test_scored_texts_grow_and_keep_their_marks() -> None:
    reader = Reader()
    tokens = await read(reader, lambda text: list(map(ord, text)), problems=1, turn=0)
    assert tokens == sum(len(row.ids) for row in reader.rows)
    assert [len(row.marks) for row in reader.rows] == [n for n in (1, 2, 3, 4) for _ in range(16)]
    assert all(row.marks[-1] < len(row.ids) for row in reader.rows)
    known = {row.ids[: row.marks[0] + 1] for row in reader.rows[:DRAWS]}
    assert all(row.ids[: row.marks[0] + 1] in known for row in reader.rows)


async def test_the_embedded_model_can_be_put_under_load() -> None:
    generator = EmbeddedGenerator(EmbeddedModel.shipped("small"))
    try:
        assert await draw("beam", generator, problems=1, turn=0) > DRAWS
    finally:
        await generator.close()
