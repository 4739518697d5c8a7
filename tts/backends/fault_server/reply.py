"""The good answers of the simulated server."""

from __future__ import annotations

from typing import Any

from tts.backends.fault_server.answer import built_in_answer, pieces
from tts.backends.fault_server.draw import ServedDraw, served_draw
from tts.backends.fault_server.plan import FaultPlan
from tts.backends.fault_server.request import ServedRequest
from tts.backends.fault_server.token_paths import prompt_logprobs


def draws(asked: ServedRequest, plan: FaultPlan) -> list[ServedDraw]:
    """The draws of a request: functions of prompt, seed and place alone."""
    text, seed = asked.text, asked.seed or 0
    keep = plan.dialect == "vllm" and asked.include_stop_str_in_output
    return [
        served_draw(
            plan.answer(text, seed, place)
            if plan.answer
            else built_in_answer(text, seed, place, plan.words),
            asked.stops,
            asked.ceiling,
            keep_stop=keep,
        )
        for place in range(asked.n)
    ]


def reply(asked: ServedRequest, plan: FaultPlan) -> dict[str, Any]:
    """The reply's JSON object."""
    drawn = draws(asked, plan)
    chat = asked.messages is not None
    whole: dict[str, Any] = {
        "id": "fault-1",
        "object": "chat.completion" if chat else "text_completion",
        "created": 1,
        "model": asked.model,
        "choices": [choice(index, draw, asked, plan) for index, draw in enumerate(drawn)],
    }
    if plan.reports_usage:
        whole["usage"] = usage(asked, sum(draw.tokens for draw in drawn), plan)
    return whole


def choice(index: int, draw: ServedDraw, asked: ServedRequest, plan: FaultPlan) -> dict[str, Any]:
    """One draw as a choice of the reply."""
    told: dict[str, Any] = {"index": index, "finish_reason": draw.finish_reason}
    if asked.messages is None:
        told["text"] = draw.text
    else:
        told["message"] = {"role": "assistant", "content": draw.text}
    if plan.dialect == "vllm":
        told["stop_reason"] = draw.stop if plan.names_stop else None
        if asked.return_token_ids:
            told["token_ids"] = list(range(draw.tokens))
        if asked.prompt_logprobs is not None and isinstance(asked.prompt, list):
            told["prompt_logprobs"] = prompt_logprobs(asked.prompt, asked.prompt_logprobs)
    if plan.supports_logprobs and asked.wants_logprobs:
        told["logprobs"] = logprobs(draw.text, asked)
    return told


def usage(asked: ServedRequest, completion_tokens: int, plan: FaultPlan) -> dict[str, Any]:
    """The bill: a token per word of prompt and draws, plus the thoughts."""
    prompt = len(asked.text.split()) + 1
    thoughts = plan.reasoning_tokens * asked.n
    completion = completion_tokens + thoughts
    bill: dict[str, Any] = {
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": prompt + completion,
    }
    if thoughts:
        bill["completion_tokens_details"] = {"reasoning_tokens": thoughts}
    return bill


def logprobs(text: str, asked: ServedRequest) -> dict[str, Any]:
    """Log-probabilities that fall with a token's place."""
    tokens = pieces(text)
    values = [-0.01 * (place % 7 + 1) for place in range(len(tokens))]
    if asked.messages is None:
        return {"tokens": tokens, "token_logprobs": values, "top_logprobs": None}
    return {
        "content": [
            {
                "token": token,
                "logprob": value,
                "top_logprobs": [
                    {
                        "token": token if rank == 0 else f"alternative {rank}",
                        "logprob": value - rank,
                    }
                    for rank in range(asked.top_logprobs)
                ],
            }
            for token, value in zip(tokens, values, strict=True)
        ]
    }
