"""An agent behind the gateway: whoever speaks the API gets its best of several runs."""

from __future__ import annotations

from typing import Any

import openai
import pytest

from tts.backends.agent import AgentAnswer, AgentSpend, AgentTask, agent


@agent(name="oracle", most=AgentSpend(calls=2, prompt_tokens=50, completion_tokens=9))
async def oracle(task: AgentTask) -> AgentAnswer:
    told = "yes" if task.index % 3 else "no"
    spend = AgentSpend(calls=2, prompt_tokens=40, completion_tokens=5)
    return AgentAnswer(text=told, spend=spend)


async def test_runs_of_an_agent_vote_behind_the_gateway(opened: Any) -> None:
    place = await opened(oracle)
    answer = await place.client.chat.completions.create(
        model="agent:oracle@majority_vote(n=3)",
        messages=[{"role": "user", "content": "Will it rain?"}],
        extra_body={"tts": {"budget": "200 tokens"}},
    )
    assert answer.choices[0].message.content == "yes"
    assert (answer.usage.prompt_tokens, answer.usage.completion_tokens) == (120, 15)
    assert answer.tts["calls"] == 6


async def test_a_budget_below_one_run_is_refused(opened: Any) -> None:
    place = await opened(oracle)
    with pytest.raises(openai.BadRequestError, match="too small"):
        await place.client.chat.completions.create(
            model="agent:oracle",
            messages=[{"role": "user", "content": "Will it rain?"}],
            extra_body={"tts": {"budget": "50 tokens"}},
        )
