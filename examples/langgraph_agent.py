"""A LangGraph agent whose model stands behind a gateway, run three times and voted over as a whole.

Each turn of the graph is one request, which the gateway budgets and records; each run of the graph is
one draw of `tts`, with its own spend.

tts serve --model openai:qwen3-8b --base-url http://localhost:8000/v1
pip install langgraph langchain-openai
python examples/langgraph_agent.py "What is the weather in Oslo?"
"""

from __future__ import annotations

import asyncio
import sys
from typing import Any

from langchain_openai import ChatOpenAI
from langgraph.graph import START, MessagesState, StateGraph
from langgraph.prebuilt import ToolNode, tools_condition

import tts

GATEWAY = "http://127.0.0.1:8080/v1"


def weather(of: str) -> str:
    """The weather of a city now."""
    return f"It rains in {of}."


def graph(chat: ChatOpenAI) -> Any:
    """Answers, or calls its tool and answers again."""
    bound = chat.bind_tools([weather])

    async def answer(state: MessagesState) -> dict[str, Any]:
        return {"messages": [await bound.ainvoke(state["messages"])]}

    built = StateGraph(MessagesState)
    built.add_node("answer", answer)
    built.add_node("tools", ToolNode([weather]))
    built.add_edge(START, "answer")
    built.add_conditional_edges("answer", tools_condition)
    built.add_edge("tools", "answer")
    return built.compile()


def forecaster(url: str, model: str) -> Any:
    """The graph as something that can be drawn."""
    chat = ChatOpenAI(base_url=url, api_key="none", model=model, max_retries=0)
    most = tts.AgentSpend(calls=16, prompt_tokens=20_000, completion_tokens=20_000)

    @tts.agent(name="forecaster", most=most)
    async def run(task: tts.AgentTask) -> tts.AgentAnswer:
        state = await graph(chat).ainvoke({"messages": [("user", task.text)]})
        used = [one.usage_metadata for one in state["messages"] if one.type == "ai"]
        spend = tts.AgentSpend(
            calls=len(used),
            prompt_tokens=sum(one["input_tokens"] for one in used),
            completion_tokens=sum(one["output_tokens"] for one in used),
        )
        return tts.AgentAnswer(text=state["messages"][-1].content, spend=spend)

    return run


async def main(url: str, model: str, question: str) -> tts.Result:
    async with tts.Engine(forecaster(url, model), verifier=None) as engine:
        return await engine.solve(question, strategy="majority_vote(n=3)")


if __name__ == "__main__":
    asked = sys.argv[1] if len(sys.argv) > 1 else "What is the weather in Oslo?"
    result = asyncio.run(main(GATEWAY, "default", asked))
    sys.stdout.write(f"{result.answer} ({result.usage.tokens} tokens)\n")
