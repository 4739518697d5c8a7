"""What a request brought: its choices, what all of its calls cost, and what is left."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

from tts.engine import spell_budget
from tts.gateway.asking import Ask
from tts.values import NOTHING, Candidate, FinishReason, Result, ToolCall, Usage, in_words

Finish = Literal["stop", "length", "tool_calls", "content_filter"]
_FINISH: dict[FinishReason | None, Finish] = {
    "length": "length",
    "content_filter": "content_filter",
    "refusal": "content_filter",
    "reasoning_only": "stop",
    "tool_calls": "stop",
}
"""Of a draw without an answer; clients look for calls behind `tool_calls`, and here are none."""


@dataclass(frozen=True)
class Choice:
    """One answer as the API has it."""

    index: int
    text: str
    finish: Finish
    tool_calls: tuple[ToolCall, ...]
    result: Result


@dataclass(frozen=True)
class Outcome:
    """The results of a request's choices, in order."""

    ask: Ask
    job: str
    results: tuple[Result, ...]
    seconds: float

    @cached_property
    def usage(self) -> Usage:
        """Of every call of every choice, verifiers and judges included; what budgets count."""
        return sum((result.usage for result in self.results), NOTHING)

    @cached_property
    def billed(self) -> Usage:
        """What was really sent, attempts that failed included; nothing for what was found again."""
        return sum((result.billed for result in self.results), NOTHING)

    @cached_property
    def choices(self) -> tuple[Choice, ...]:
        """Those that have something to show; of the others, what there was."""
        return tuple(
            _choice(place, result, self.ask.sampling.stop)
            for place, result in enumerate(self.results)
        )

    @property
    def run_ids(self) -> tuple[str, ...]:
        return tuple(result.run_id for result in self.results)

    @property
    def stopped_by(self) -> str:
        return ",".join(dict.fromkeys(result.stopped_by for result in self.results))

    @property
    def left(self) -> str:
        """What of the request's ceilings was not spent, as a budget is written."""
        rest = []
        for name, ceiling in self.ask.budget.ceilings.items():
            spent = getattr(self.usage, name)
            rest.append(f"{name} unknown" if spent is None else in_words(name, ceiling - spent))
        return ", ".join(rest)

    @property
    def headers(self) -> dict[str, str]:
        """`x-tts-*` of a whole answer."""
        dollars = self.usage.nanodollars
        spent = f"{self.usage.calls} calls, {self.usage.tokens} tokens"
        if dollars is not None:
            spent += f", {in_words('nanodollars', dollars)}"
        return {
            **begun(self.ask, self.job),
            "x-tts-run-id": ",".join(self.run_ids),
            "x-tts-spent": spent,
            "x-tts-left": self.left,
            "x-tts-stopped-by": self.stopped_by,
            "x-tts-seconds": f"{self.seconds:.3f}",
        }

    @property
    def fields(self) -> dict[str, Any]:
        """The `tts` object of a body, which clients that do not know it ignore."""
        missing: dict[str, int] = {}
        for result in self.results:
            for why, count in result.missing.items():
                missing[why] = missing.get(why, 0) + count
        return {
            "request": self.ask.id,
            "job": self.job,
            "runs": self.run_ids,
            "strategy": self.ask.strategy.name,
            "stopped_by": self.stopped_by,
            "calls": self.usage.calls,
            "dollars": self.usage.dollars,
            "left": self.left,
            "billed": {
                "calls": self.billed.calls,
                "prompt_tokens": self.billed.prompt_tokens,
                "completion_tokens": self.billed.completion_tokens,
                "dollars": self.billed.dollars,
            },
            "missing": missing,
            "spend": _by_role(self.results),
        }


def begun(ask: Ask, job: str) -> dict[str, str]:
    """`x-tts-*` that are known before anything was drawn."""
    return {
        "x-request-id": ask.id,
        "x-tts-job": job,
        "x-tts-strategy": ask.strategy.name,
        "x-tts-budget": spell_budget(ask.budget),
    }


def _by_role(results: tuple[Result, ...]) -> dict[str, dict[str, Any]]:
    roles: dict[str, Usage] = {}
    for result in results:
        for role, usage in result.spend.items():
            roles[role] = roles.get(role, NOTHING) + usage
    return {
        role: {"calls": usage.calls, "tokens": usage.tokens, "dollars": usage.dollars}
        for role, usage in roles.items()
    }


def _choice(place: int, result: Result, stops: tuple[str, ...]) -> Choice:
    candidate = result.candidate or _longest(result)
    if candidate is None:
        return Choice(place, "", "length", (), result)
    ended = next((stop for stop in stops if stop and candidate.text.endswith(stop)), "")
    text, calls = candidate.text.removesuffix(ended), candidate.tool_calls
    whole = ended or (result.candidate is not None and candidate.final)
    finish = _FINISH.get(candidate.finish_reason, "stop" if whole else "length")
    return Choice(place, text, "tool_calls" if calls else finish, calls, result)


def _longest(result: Result) -> Candidate | None:
    """What a ceiling left of a run without an answer."""
    drawn = [kept.candidate for kept in result.candidates]
    return max(drawn, key=lambda one: one.completion_tokens, default=None)
