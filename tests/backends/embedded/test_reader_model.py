"""The shipped reader reads what strategies write, and iteration pays where hops are needed."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path
from statistics import fmean
from typing import Any

import pytest

from tts import Engine
from tts.backends.embedded.generator import EmbeddedGenerator
from tts.backends.embedded.model import EmbeddedModel, model_folder
from tts.eval.bench.reader import Counting, Sent
from tts.eval.problems import load_problems
from tts.strategies import DRAG, RAG, IterDRAG
from tts.values import Problem, Result

MEBIBYTE = 2**20
SEED = 301


@pytest.fixture(scope="module")
def model() -> EmbeddedModel:
    return EmbeddedModel.shipped("reader")


def asked(bins: set[int], count: int) -> list[Problem]:
    return load_problems(f"facts:n={5 * count},seed={SEED}", bins=bins)


async def solved(
    generator: EmbeddedGenerator, strategy: Any, problems: list[Problem], **how: Any
) -> list[Result]:
    world = Path(f"facts:{SEED}")
    async with Engine(
        generator, verifier=None, corpus=world, demonstrations=world, **how
    ) as engine:
        asking = (engine.solve(one, strategy=strategy) for one in problems)
        return list(await asyncio.gather(*asking))


async def right(model: EmbeddedModel, strategy: Any, problems: list[Problem]) -> float:
    return accuracy(problems, await solved(EmbeddedGenerator(model), strategy, problems))


def accuracy(problems: list[Problem], results: list[Result]) -> float:
    return fmean(result.answer == one.answer for one, result in zip(problems, results, strict=True))


def test_it_stays_within_its_size() -> None:
    assert (model_folder("reader") / "model.safetensors").stat().st_size <= 6 * MEBIBYTE


def test_it_is_asked_questions_and_answers_shortly(model: EmbeddedModel) -> None:
    assert EmbeddedGenerator(model).defaults.max_tokens == 24


async def test_a_fact_that_is_found_is_read(model: EmbeddedModel) -> None:
    assert await right(model, RAG(k=3), asked({1}, 12)) >= 0.75


async def test_iteration_pays_where_hops_are_needed(model: EmbeddedModel) -> None:
    problems = asked({3}, 24)
    once = await right(model, RAG(k=5), problems)
    assert await right(model, IterDRAG(k=3, n=2), problems) >= once + 0.3


async def test_demonstrations_show_which_source_is_right(model: EmbeddedModel) -> None:
    problems = asked({2}, 24)
    without = await right(model, DRAG(k=4, m=0), problems)
    assert await right(model, DRAG(k=4, m=2), problems) > without


async def test_the_effective_context_is_the_sum_of_the_prompts_in_the_ledger(
    model: EmbeddedModel, tmp_path: Path
) -> None:
    problems, sent, ledger = asked({4}, 4), Sent(), tmp_path / "ledger.db"
    generator = Counting(model, sent)
    results = await solved(generator, IterDRAG(k=3, m=1, n=2), problems, ledger=ledger)
    with closing(sqlite3.connect(ledger)) as opened:
        [used] = opened.execute("SELECT sum(prompt_tokens) FROM uses").fetchone()
    assert sum(one.usage.prompt_tokens for one in results) == sent.tokens == used
