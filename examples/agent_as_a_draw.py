"""An agent loop with a tool, drawn five times and voted over under one budget: no key, no server.

python examples/agent_as_a_draw.py
"""

from __future__ import annotations

import asyncio
import re
import sys

import tts

TURNS = 3


def nines(expression: str, answer: str) -> bool:
    """The agent's tool: whether an answer agrees with a sum or product modulo nine."""
    if not re.fullmatch(r"[0-9+*() -]+", expression) or not re.fullmatch(r"-?[0-9]+", answer):
        return False
    reduced = re.sub(r"[0-9]+", lambda found: str(int(found[0]) % 9), expression)
    return (int(answer) - eval(reduced)) % 9 == 0


@tts.agent(
    name="careful", most=tts.AgentSpend(calls=TURNS, prompt_tokens=120, completion_tokens=480)
)
async def careful(task: tts.AgentTask) -> tts.AgentAnswer:
    """Asks a model, checks what it says with the tool, and asks again where that finds a mistake."""
    calls = prompt = completion = 0
    answer = ""
    for turn in range(TURNS):
        draw = await MODEL.solve(
            task.text, strategy="single(temperature=1.0)", replicate=(task.seed + turn) % 2**31
        )
        answer = draw.answer or ""
        calls, prompt = calls + draw.usage.calls, prompt + draw.usage.prompt_tokens
        completion += draw.usage.completion_tokens
        spend = tts.AgentSpend(calls=calls, prompt_tokens=prompt, completion_tokens=completion)
        task.spent(spend)
        if nines(task.text, answer):
            break
    return tts.AgentAnswer(text=f"<answer>{answer}</answer>", spend=spend)


MODEL = tts.Engine("embedded:small", verifier=None)


async def main(task: str) -> None:
    async with MODEL, tts.Engine(careful, verifier=None) as engine:
        result = await engine.solve(task, strategy="majority_vote(n=5)", budget="15 calls")
    sys.stdout.write(f"{result.answer} after {result.usage.calls} calls of the model\n")


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1] if len(sys.argv) > 1 else "12 + 5 * 3"))
