"""How full a beam search keeps the policy, and what incremental scoring reads."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

from tts.answers import TASKS
from tts.backends.vllm import VLLMGenerator, VLLMHeadReader
from tts.engine import Engine
from tts.eval.bench.row import Row, at_least, at_most
from tts.eval.bench.vllm_folders import BLOCK
from tts.protocols import MarkedRow
from tts.values import Problem
from tts.verifiers import ProcessReward
from tts.verifiers.prm import FAMILIES, FamilyScorer, FolderTokenizer

ROUNDS, ROUND = 14, 28
"""Rounds of a search, and the tokens that each adds."""
_GLANCE = 0.002
_TAIL = 0.9
"""The last tenth of the problems is not looked at: the search runs dry there by nature."""


class _Glances:
    """Looks at the policy's queue while problems are live."""

    def __init__(self, generator: VLLMGenerator, problems: int) -> None:
        self._generator, self._problems = generator, problems
        self.done = self.busy = self.looks = 0

    async def look(self) -> None:
        while self.done < self._problems * _TAIL:
            self.looks += 1
            self.busy += self._generator.engine.running > 0
            await asyncio.sleep(_GLANCE)


async def beam_row(
    generator: VLLMGenerator, reader: VLLMHeadReader, problems: Sequence[Problem]
) -> Row:
    """Bar (b), first half: the share of time in which the policy has work."""
    tokenizer = FolderTokenizer(_folder(reader))
    scorer = FamilyScorer(FAMILIES["qwen-math"], tokenizer=tokenizer, reader=reader)
    verifier = ProcessReward(scorer, render=TASKS["arithmetic"].render)
    engine = Engine(generator, verifier=verifier, sampling={"max_tokens": 64}, concurrency=4096)
    glances = _Glances(generator, len(problems))

    async def one(problem: Problem) -> None:
        await engine.solve(problem, strategy="beam_search(n=16, branching=4)")
        glances.done += 1

    async with asyncio.TaskGroup() as group:
        group.create_task(glances.look())
        for problem in problems:
            group.create_task(one(problem))
    share = glances.busy / max(1, glances.looks)
    return at_least("beam search, share of time with a policy queue", share, "", bar=0.9)


async def scoring_rows(reader: VLLMHeadReader) -> list[Row]:
    """Bar (b), second half: prompt tokens read, and the largest difference of a score."""
    whole = VLLMHeadReader(reader.engine, incremental=False)
    computed = bound = full = 0
    difference = 0.0
    for length in range(ROUND, ROUND * ROUNDS + 1, ROUND):
        row = _row(length)
        reading, expected = await reader.read(row), await whole.read(row)
        pairs = zip(reading.vectors, expected.vectors, strict=True)
        difference = max(
            difference, *(abs(a - b) for x, y in pairs for a, b in zip(x, y, strict=True))
        )
        computed, full = computed + reading.computed_tokens, full + length
        bound += length - (length - ROUND) // BLOCK * BLOCK
    return [
        at_most("incremental scoring, tokens read of the new ones", computed / bound, "", bar=1.1),
        at_most("incremental scoring, tokens read of all", computed / full, "", bar=0.35),
        at_most("incremental scoring, largest difference", difference, "", bar=1e-3),
    ]


def _row(length: int) -> MarkedRow:
    ids = tuple(20 + (7 * at + at // 13) % 90 for at in range(length))
    return MarkedRow(ids, tuple(range(ROUND - 1, length, ROUND)))


def _folder(reader: VLLMHeadReader) -> Path:
    return Path(reader.engine.settings.path)
