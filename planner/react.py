"""ReAct: one call at a time, each after a thought (Yao et al. 2023). The sequential baseline."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from tts.errors import CallFailed
from tts.planner.checks import Checker
from tts.planner.execution.call_builder import CallBuilder
from tts.planner.execution.call_values import resolved, result_text
from tts.planner.execution.plan_run import answer_text
from tts.planner.execution.settings import PlanSettings
from tts.planner.execution.streaming import StreamedGeneration, plan_sampling
from tts.planner.language import Call, bound, read_plan, references, write_call
from tts.run import Node, Outcome, Run
from tts.tools import ToolSet
from tts.values import Candidate, Message, Problem

_RULE = (
    "Write only the next call, or `answer = …` once you know it. You will be shown each result "
    "before you go on."
)


class ReAct:
    """Writes one call, sees its result, writes the next; the same tools, checks and limits."""

    name = "react"

    def __init__(
        self, tools: ToolSet, *, settings: PlanSettings | None = None, turns: int = 12
    ) -> None:
        """`turns`: the most calls before it gives up."""
        self.tools, self.settings, self.turns = tools, settings or PlanSettings(), turns

    @property
    def parameters(self) -> dict[str, Any]:
        return {"tools": self.tools.digest, "turns": self.turns}

    async def solve(self, problem: Problem, run: Run) -> Candidate | None:
        talk = list(self.settings.prompts.plan(problem.prompt, self.tools, "text"))
        talk.append(Message("user", _RULE))
        builder = CallBuilder(self.settings, task=problem.prompt, told=_quiet, fan_out=256)
        nodes: dict[int, Node[Any]] = {}
        checker = Checker(self.tools)
        for turn in range(1, self.turns + 1):
            text = await self._write(tuple(talk), run)
            draft = read_plan(text)
            known = all(one.call in nodes for one in references(draft.patch.answer))
            if not draft.patch.calls and draft.patch.joined is False and known:
                value = await run.call(_same, resolved(draft.patch.answer, nodes, run))
                told = answer_text(value)
                return Candidate(problem=problem, text=told, key="react", final=True, answer=told)
            seen = await self._step(turn, draft.patch.calls[:1], builder, nodes, checker, run)
            talk += [Message("assistant", text), Message("user", seen)]
        raise CallFailed(f"No answer after {self.turns} turns.")

    async def finish(self, problem: Problem, run: Run) -> Candidate | None:
        """Nothing: its thoughts hold no answer."""
        return None

    async def _write(self, talk: tuple[Message, ...], run: Run) -> str:
        settings = self.settings
        generators = run.settings.generators
        generator = generators[settings.planner or next(iter(generators))]
        writing = StreamedGeneration(generator, role="plan", timeout=settings.timeout)
        written = await run.call(
            writing, talk, plan_sampling(settings.temperature, settings.max_tokens)
        )
        text: str = written.text
        return text

    async def _step(
        self,
        turn: int,
        calls: tuple[Call, ...],
        builder: CallBuilder,
        nodes: dict[int, Node[Any]],
        checker: Checker,
        run: Run,
    ) -> str:
        """Make one call; what the model is told of it."""
        if not calls:
            return f"That is no call, and no answer from known results. {_RULE}"
        tool = self.tools.get(calls[0].tool)
        call = replace(bound(calls[0], tuple(tool.arguments) if tool else ()), id=turn)
        faults = checker.faults(call)
        if faults or tool is None:
            return "; ".join(str(fault) for fault in faults)
        node = builder.make(checker.fitted(call), tool, nodes, [], run, 0.0)
        nodes[turn] = node
        checker.learn(call)
        seen: str = await run.call(_observed, write_call(call), node)
        return seen


def _observed(call: str, outcome: Outcome[Any]) -> str:
    end = result_text(outcome.value) if outcome.ok else f"failed: {outcome.error}"
    return f"{call}\n  -> {end}"


def _same(value: Any) -> Any:
    return value


def _quiet(call: Call, state: Any) -> None:
    """Nobody watches."""
