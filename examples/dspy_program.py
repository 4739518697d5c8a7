"""A DSPy program whose model is a vote behind a gateway, run three times and voted over as a whole.

tts serve --model openai:qwen3-8b --base-url http://localhost:8000/v1
pip install dspy
python examples/dspy_program.py "What is six times seven?"
"""

from __future__ import annotations

import asyncio
import sys
from typing import Any

import dspy

import tts

GATEWAY = "http://127.0.0.1:8080/v1"


def reasoner(url: str, model: str) -> Any:
    """The program as something that can be drawn."""
    lm = dspy.LM(f"openai/{model}", api_base=url, api_key="none", cache=False, num_retries=0)
    program = dspy.ChainOfThought("question -> answer")
    most = tts.AgentSpend(calls=16, prompt_tokens=20_000, completion_tokens=20_000)

    @tts.agent(name="reasoner", most=most)
    async def run(task: tts.AgentTask) -> tts.AgentAnswer:
        with dspy.context(lm=lm, track_usage=True):
            found = await program.acall(question=task.text)
        [used] = found.get_lm_usage().values()
        spend = tts.AgentSpend(
            calls=1,
            prompt_tokens=used["prompt_tokens"],
            completion_tokens=used["completion_tokens"],
        )
        return tts.AgentAnswer(text=f"<answer>{found.answer}</answer>", spend=spend)

    return run


async def main(url: str, model: str, question: str) -> tts.Result:
    async with tts.Engine(reasoner(url, model), verifier=None) as engine:
        return await engine.solve(question, strategy="majority_vote(n=3)")


if __name__ == "__main__":
    asked = sys.argv[1] if len(sys.argv) > 1 else "What is six times seven?"
    result = asyncio.run(main(GATEWAY, "default@majority_vote(n=3)", asked))
    sys.stdout.write(f"{result.answer} ({result.usage.tokens} tokens)\n")
