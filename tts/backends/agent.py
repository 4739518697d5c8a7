"""A whole agent as a draw: any async callable stands where a model would.

Strategies draw it, vote over it and search among its attempts; budgets, ledger, cancellation and
traces are those of every other call. What happens inside is the agent's own: it says what it spent.
"""

from __future__ import annotations

import inspect
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from msgspec.structs import replace

from tts.errors import BadInput, BadRequest, CallError, ToolFailed, described
from tts.protocols import (
    Defaults,
    Effect,
    GenerateReply,
    GenerateRequest,
    Meter,
    TextListener,
)
from tts.values import (
    NANO,
    Capabilities,
    Completion,
    Dimension,
    Message,
    Model,
    Usage,
    in_words,
)

LOG = logging.getLogger("tts")
TOKENS: frozenset[Dimension] = frozenset(
    {"tokens", "prompt_tokens", "completion_tokens", "reasoning_tokens", "fresh_tokens"}
)


@dataclass(frozen=True, kw_only=True)
class AgentSpend:
    """What a run of an agent spent, or may spend at most; None: nobody knows."""

    calls: int = 1
    """Of models; a run counts as one at least."""
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    dollars: float | None = None

    def __post_init__(self) -> None:
        told = (self.prompt_tokens or 0, self.completion_tokens or 0, self.dollars or 0)
        if self.calls < 1 or min(told) < 0:
            raise BadInput(f"{self}: a run is one call at least, and nothing costs less than 0.")

    def usage(self, otherwise: AgentSpend | None = None) -> Usage:
        """As a ledger has it; where this says nothing, what `otherwise` says."""
        other = otherwise or AgentSpend()
        dollars = other.dollars if self.dollars is None else self.dollars
        return Usage(
            calls=self.calls,
            prompt_tokens=_known(self.prompt_tokens, other.prompt_tokens),
            completion_tokens=_known(self.completion_tokens, other.completion_tokens),
            nanodollars=None if dollars is None else round(dollars * NANO),
            flops=None,
            gpu_microseconds=None,
        )


@dataclass(frozen=True, kw_only=True)
class AgentAnswer:
    """What an agent came to. Its answer is all of the text, or what is marked as the answer in it:
    `<answer>…</answer>` or a box."""

    text: str
    spend: AgentSpend = field(default_factory=AgentSpend)


@dataclass(frozen=True, kw_only=True)
class AgentTask:
    """What one run of an agent is for."""

    text: str
    """The question: the last turn of the user."""
    messages: tuple[Message, ...]
    """The whole conversation."""
    index: int
    """Which attempt at the same question this is, from 0."""
    seed: int
    """63 bits, the same for the same attempt."""
    spent: Callable[[AgentSpend], None]
    """Told what has been spent so far, a cancelled run is charged that and not its worst case."""


Attempt = Callable[[AgentTask], Awaitable[AgentAnswer | str]]


class AgentGenerator:
    """Draws by running an agent once; raised errors are failed draws, and are not retried unless
    they are a `CallError` that says so.

    An agent cannot be continued or shortened: a search over steps draws whole runs of it.
    """

    def __init__(
        self,
        attempt: Attempt,
        *,
        name: str,
        version: str = "1",
        most: AgentSpend | None = None,
        effect: Effect = "read",
        task: str = "chat",
    ) -> None:
        """
        Args:
            attempt: the agent.
            name: of it in keys, reports and the ledger.
            version: another one gives other draws.
            most: what a run may spend at most. A ceiling in a dimension that it leaves open is
                refused, and a run that says nothing is charged what stands here.
            effect: what repeating a run may do; `write` and `irreversible` are never repeated.
            task: how answers are read from its texts.
        """
        if not callable(attempt):
            raise BadInput(f"An agent is an async function of a task, not {attempt!r}.")
        self._attempt, self._most = attempt, most or AgentSpend()
        self.effect, self.task = effect, task
        self._warned = False
        self._model = Model(name=f"agent:{name}", revision=version)

    @property
    def model(self) -> Model:
        return self._model

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities(keeps_stop=True)

    @property
    def defaults(self) -> Defaults:
        return Defaults(max_tokens=max(1, self._most.completion_tokens or 1), sheds_load=False)

    @cached_property
    def most(self) -> Usage:
        """The worst case of a run."""
        return self._most.usage()

    @cached_property
    def uncounted(self) -> frozenset[Dimension]:
        """What nobody counts, and no ceiling may therefore bound."""
        declared = (self._most.prompt_tokens, self._most.completion_tokens)
        return TOKENS if None in declared else frozenset()

    def count_prompt(self, messages: Sequence[Message], prefix: str) -> int:
        """What the agent makes of a prompt is its own affair."""
        return 0

    async def generate(
        self, request: GenerateRequest, meter: Meter, listener: TextListener | None = None
    ) -> GenerateReply:
        """One run."""
        if request.prefix:
            raise BadRequest("An agent runs whole: it continues no partial answer.")
        if len(request.seeds) != 1:
            raise BadRequest("An agent runs once per request.")
        answer = await self._run(self._task(request, meter))
        spent = answer.spend.usage(self._most)
        meter.usage = spent
        self._warn_of(spent)
        drawn = Completion(
            text=answer.text,
            finish_reason="stop",
            completion_tokens=spent.completion_tokens,
        )
        return GenerateReply(completions=(drawn,), usage=spent, estimated=self._guesses(answer))

    async def close(self) -> None:
        """The agent's resources are its maker's."""

    def _task(self, request: GenerateRequest, meter: Meter) -> AgentTask:
        turns = [turn.content for turn in request.messages if turn.role == "user"]

        def spent(so_far: AgentSpend) -> None:
            meter.usage = replace(so_far.usage(self._most))

        return AgentTask(
            text=turns[-1] if turns else "",
            messages=request.messages,
            index=request.indices[0] if request.indices else 0,
            seed=request.seeds[0],
            spent=spent,
        )

    async def _run(self, task: AgentTask) -> AgentAnswer:
        try:
            answer: Any = self._attempt(task)
            if inspect.isawaitable(answer):
                answer = await answer
        except CallError:
            raise
        except Exception as error:
            raise ToolFailed(f"{self.model.name} raised {described(error)}") from error
        if isinstance(answer, str):
            answer = AgentAnswer(text=answer)
        if not isinstance(answer, AgentAnswer):
            kind = type(answer).__name__
            raise ToolFailed(
                f"{self.model.name} gave a {kind}: a text or an AgentAnswer is needed."
            )
        return answer

    def _warn_of(self, spent: Usage) -> None:
        """A run that spent more than was declared breaks the ceilings that rest on that."""
        names = ("calls", "prompt_tokens", "completion_tokens", "nanodollars")
        for name in names:
            told, most = getattr(spent, name), getattr(self.most, name)
            if told is not None and most and told > most and not self._warned:
                self._warned = True
                LOG.warning(
                    f"{self.model.name} spent {in_words(name, told)} in a run and was declared to"
                    f" spend {in_words(name, most)} at most: budgets do not hold for it."
                )

    def _guesses(self, answer: AgentAnswer) -> bool:
        """Whether the worst case stands for tokens that were not told."""
        told = answer.spend.prompt_tokens, answer.spend.completion_tokens
        return None in told and not self.uncounted


def agent(
    attempt: Attempt | None = None,
    *,
    name: str = "",
    version: str = "1",
    most: AgentSpend | None = None,
    effect: Effect = "read",
    task: str = "chat",
) -> Any:
    """Make a generator of an async function of an `AgentTask`; alone, or with what it may spend.

    See `AgentGenerator` for the arguments; `name` is the function's own where none is given.
    """

    def made(function: Attempt) -> AgentGenerator:
        own = name or getattr(function, "__name__", "agent")
        return AgentGenerator(
            function, name=own, version=version, most=most, effect=effect, task=task
        )

    return made if attempt is None else made(attempt)


def _known(told: int | None, otherwise: int | None) -> int:
    return told if told is not None else otherwise or 0
