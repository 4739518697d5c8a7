"""Plans that are looked at before they run."""

from __future__ import annotations

import pytest

from tts import Engine, tool
from tts.backends.scripted import ScriptedGenerator
from tts.errors import UsageError
from tts.planner import PlanSettings


@tool(effect="read")
async def look(name: str) -> dict[str, float]:
    """Height of a mountain."""
    return {"height": float(len(name))}


async def test_each_fault_of_a_plan_is_explained_once_with_its_line() -> None:
    text = '1. lok(name="K2")\n2. look(name=3, limit=1)\n2. look(name="K2")\nanswer = $9\n'
    async with Engine(ScriptedGenerator([text])) as engine:
        plan = await engine.compile("task", tools=[look], planning=PlanSettings(repairs=0))
    faults = [line for line in plan.explain().splitlines() if line.startswith("fault: ")]
    assert [line.split(": ")[1:3] for line in faults] == [
        ["line 3, call 2, look", "duplicate id"],
        ["line 1, call 1, lok", "unknown tool"],
        ["line 2, call 2, look", "extra argument"],
        ["line 2, call 2, look", "ill-typed argument"],
        ["plan", "unknown reference"],
    ]


async def test_a_run_has_a_page_with_its_task_its_answer_and_what_each_call_gave() -> None:
    text = '1. look(name="K2")\n2. look(name="Everest")\nanswer = $2.height\n'
    async with Engine(ScriptedGenerator([text])) as engine:
        done = await engine.solve("How <b>high</b>?", tools=[look])
    page = done.page()
    assert "How &lt;b&gt;high&lt;/b&gt;?" in page and "<b>high" not in page
    assert '<dd class="answer"><bdi>7.0</bdi>' in page
    assert done.results == {1: '{"height":2.0}', 2: '{"height":7.0}'}
    assert page.count("{&#34;height&#34;:7.0}") == 1
    assert "default-src 'none'" in page or "default-src &#39;none&#39;" in page
    shown = done._repr_html_()
    assert "<b>7.0</b>" in shown and "<b>high" not in shown


async def test_a_plan_that_was_not_run_has_a_page_with_arrows_and_a_legend() -> None:
    text = '1. look(name="K2")\n2. look(name=$1)\nanswer = $2\n'
    async with Engine(ScriptedGenerator([text])) as engine:
        plan = await engine.compile("task", tools=[look], planning=PlanSettings(repairs=0))
    page = plan.page()
    assert "Not run: nothing was called." in page and 'aria-label="Legend"' in page
    assert page.count('class="arrow path"') == 2, "wide and narrow"


async def test_what_could_not_be_read_of_a_plan_keeps_it_from_running_after_passes_too() -> None:
    text = '1. look(name="K2")\n2. look(name="K2"\nanswer = $1\n'
    async with Engine(ScriptedGenerator([text])) as engine:
        plan = await engine.compile("task", tools=[look], planning=PlanSettings(repairs=0))
        assert plan.check()
        optimised = await plan.optimised()
        assert optimised.check()
        with pytest.raises(UsageError, match="cannot run"):
            await optimised.run()
