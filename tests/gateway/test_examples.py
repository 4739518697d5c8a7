"""The examples around agents run as they stand."""

from __future__ import annotations

import runpy
import subprocess
import sys
from pathlib import Path
from typing import Any

from tts.backends.fault_server import FaultPlan, FaultServer
from tts.backends.openai_http import HTTPGenerator
from tts.values import Model

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


async def test_a_tool_loop_votes_in_each_turn_without_knowing(opened: Any) -> None:
    run = runpy.run_path(str(EXAMPLES / "tool_loop.py"))["run"]
    async with FaultServer(FaultPlan(calls_tool="weather", words=8)) as server:
        place = await opened(HTTPGenerator(Model(name="simulated"), base_url=server.url))
        told, spent = await run(place.client, "simulated@majority_vote(n=3)", "weather in Oslo")
        assert server.record.requests == 6
    assert "boxed" in told
    assert spent > 6 * 8


def test_an_agent_with_a_tool_is_drawn_and_voted_over() -> None:
    command = [sys.executable, str(EXAMPLES / "agent_as_a_draw.py"), "3 + 4"]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert said.startswith("7 after ")
