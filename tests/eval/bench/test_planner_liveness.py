"""The bench that looks for runs that never end can see one."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

import tts.eval.bench.planner_liveness as bench
from tts.eval.bench.misbehaving import BAD_PLANNERS, bad_tools
from tts.eval.bench.planner_liveness import INTERRUPTED, seconds_to_end


def test_a_run_that_hangs_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench, "PATIENCE", 0.05)

    async def for_ever(keep: Any) -> None:
        await asyncio.sleep(1000)

    assert not bench._ended("for ever", for_ever).ended


def test_a_task_that_is_left_is_counted() -> None:
    async def careless(keep: Any) -> None:
        asyncio.get_running_loop().create_task(asyncio.sleep(1000))

    assert bench._ended("careless", careless).tasks == 1


@pytest.mark.parametrize("name", ["raises_many", "returns_itself", "cancels_itself"])
def test_a_bad_tool_ends_the_run_and_every_call(name: str) -> None:
    end = bench._ended(name, lambda keep: bench._bad_tool(name, keep))
    assert (end.ended, end.tasks, end.open_calls) == (True, 0, 0)


@pytest.mark.parametrize("name", ["dies inside a call", "says garbage", "refuses"])
def test_a_bad_planner_ends_the_run_and_every_call(name: str) -> None:
    end = bench._ended(name, lambda keep: bench._bad_planner(name, keep))
    assert (end.ended, end.tasks, end.open_calls) == (True, 0, 0)


def test_an_interrupted_process_ends_though_its_tools_ignore_everything() -> None:
    assert seconds_to_end("ignores_everything", patience=30.0) is not None


def test_every_interrupted_case_is_a_tool_or_the_planner() -> None:
    assert {*INTERRUPTED} - {*bad_tools()} == {"planner"}
    assert "hangs inside a call" in BAD_PLANNERS
