"""From what a request says to what is run: strategy, budget, sampling, identity."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import blake2b
from secrets import token_hex
from typing import Any, cast

import msgspec
from msgspec.structs import asdict

from tts.answers import TASKS
from tts.engine import Session, parse_budget, parse_strategy
from tts.engine.engine import SEEDS
from tts.gateway.bodies import Drawn, OwnFields, misfit, stops
from tts.gateway.errors import ApiError, about, bad
from tts.gateway.keys import Key, smaller
from tts.gateway.settings import ONE_DRAW, GatewaySettings
from tts.run import Strategy
from tts.values import Budget, Conversation, Message, Problem, Sampling

STRATEGY, BUDGET, ONCE = "x-tts-strategy", "x-tts-budget", "idempotency-key"
"""Headers of a request."""
LONGEST = 300
"""Characters of a strategy."""
FILES = re.compile(r"\b(policy|calibration)\s*=")
"""Parameters of strategies that name files: the gateway's own names stand for these."""
MOST_TOKENS = 1 << 31
"""Of one draw: a larger number is a mistake, and no sum of such has room in the ledger."""
REMEMBERED = 256
"""Strategies whose texts need not be read again."""
LENGTHS = ("tokens", "window", "least", "most")
"""Ends of the names of parameters that count tokens and not calls."""


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What a body asks for, in whichever form of the API it was put."""

    model: str
    conversation: Conversation
    sampling: Mapping[str, Any] = field(default_factory=dict)
    """Fields of `Sampling` that the request sets."""
    bounded_by: str = "max_tokens"
    """The field in which the client bounds a draw."""
    n: int = 1
    seed: int | None = None
    stream: bool = False
    include_usage: bool = False
    own: OwnFields = field(default_factory=OwnFields)


def wish_of(
    told: Drawn, conversation: Conversation, ceiling: int | None, bounded_by: str = "max_tokens"
) -> Wish:
    """What a chat or a completion asks for; `ceiling`: its most tokens, in the field of that name."""
    return Wish(
        bounded_by=bounded_by,
        model=told.model,
        conversation=conversation,
        sampling={
            "temperature": told.temperature,
            "top_p": told.top_p,
            "top_k": told.top_k,
            "max_tokens": ceiling,
            "stop": stops(told.stop) or None,
        },
        n=1 if told.n is None else told.n,
        seed=told.seed,
        stream=bool(told.stream),
        include_usage=bool(told.stream_options and told.stream_options.include_usage),
        own=told.tts,
    )


@dataclass(frozen=True, kw_only=True)
class Ask:
    """A request that can be carried out: nothing about it was sent yet."""

    wish: Wish
    key: Key
    id: str
    model: str
    strategy: Strategy
    plain: bool
    """It is one draw, and may be streamed as it grows."""
    budget: Budget
    """The ceiling of the whole request."""
    sampling: Sampling
    problem: Problem
    replicate: int = 0

    @property
    def share(self) -> Budget:
        """The ceiling of each of its `n` choices."""
        n = self.wish.n
        shares = {name: value // n for name, value in self.budget.ceilings.items()}
        return Budget(**cast("dict[str, int]", shares), seconds=self.budget.seconds)


def asked(
    wish: Wish,
    headers: Mapping[str, str],
    *,
    key: Key,
    settings: GatewaySettings,
    sessions: Mapping[str, Session],
) -> Ask:
    """What is to be run; raises `ApiError` for what cannot be.

    The body's own fields go before the headers, these before the model's suffix, and this before
    what key and gateway say.
    """
    if not 1 <= wish.n <= settings.most_choices:
        raise bad(f"n is between 1 and {settings.most_choices}, not {wish.n}.", param="n")
    model, suffix = named(wish.model, sessions)
    text = wish.own.strategy or headers.get(STRATEGY, "") or suffix or key.strategy
    with about("strategy"):
        strategy = _strategy(text or settings.strategy, key, settings)
    task = wish.own.task or settings.task_of(model)
    if task not in TASKS:
        raise bad(f"There is no task {task!r}. Known: {', '.join(sorted(TASKS))}.", param="task")
    with about("budget"):
        budget = _budget(wish.own.budget or headers.get(BUDGET, ""), key)
    id = _id(wish, model, headers.get(ONCE, ""))
    if not -SEEDS <= (wish.seed or 0) < SEEDS:
        raise bad("seed: a number of at most 64 bits is needed.", param="seed")
    messages = wish.conversation.messages
    return Ask(
        wish=wish,
        key=key,
        id=id,
        model=model,
        strategy=strategy,
        plain=strategy.name == "single" and strategy.parameters == {"temperature": None},
        budget=budget,
        sampling=_sampling(sessions[model].sampling, wish),
        problem=Problem(id=id, prompt=told(messages), task=task, conversation=wish.conversation),
        replicate=wish.seed or 0,
    )


def named(told: str, models: Iterable[str]) -> tuple[str, str]:
    """The model's name without its suffix, and the strategy that this names."""
    name, _, suffix = told.strip().partition("@")
    name, known = name.strip(), list(models)
    if name not in ("", "default", *known):
        raise ApiError(
            404,
            f"There is no model {name!r} here. Served: {', '.join(known)}.",
            param="model",
            code="model_not_found",
        )
    return (name if name in known else known[0]), suffix.strip()


def told(messages: tuple[Message, ...]) -> str:
    """A conversation as judges read it: its only turn, or all of them with who says what."""
    shown = [message for message in messages if message.role != "system"]
    if len(shown) == 1:
        return shown[0].content
    return "\n\n".join(f"{message.role}: {message.content}" for message in shown)


def _strategy(text: str, key: Key, settings: GatewaySettings) -> Strategy:
    if len(text) > LONGEST or "&" in text or "*" in text:
        raise bad("A strategy is a short text such as best_of_n(n=8).", param="strategy")
    if text in settings.policies:
        chosen = _parsed(f"compute_optimal(policy='{settings.policies[text]}')")
        _allowed(key, text, chosen.name)
        return chosen
    if (file := FILES.search(text)) is not None:
        raise bad(
            f"{file[1]} names a file: ask for a policy by its name"
            f" ({', '.join(settings.policies) or 'none is given to this gateway'}).",
            param="strategy",
        )
    chosen = _parsed(ONE_DRAW if text == "single" else text)
    _allowed(key, chosen.name)
    for name, value in chosen.parameters.items():
        if _counts(name, value) and value > key.calls:
            raise bad(
                f"{chosen.name}: {name}={value} is above the {key.calls} calls that a request of"
                " this key may become.",
                param="strategy",
                code="too_many_calls",
            )
    return chosen


@lru_cache(maxsize=REMEMBERED)
def _parsed(text: str) -> Strategy:
    """Strategies hold their parameters and nothing else, so that requests may share them."""
    return parse_strategy(text)


def _counts(name: str, value: Any) -> bool:
    whole = isinstance(value, int) and not isinstance(value, bool)
    return whole and not name.endswith(LENGTHS)


def _allowed(key: Key, *names: str) -> None:
    if key.strategies and not set(names) & set(key.strategies):
        raise ApiError(
            403,
            f"This key may use {', '.join(key.strategies)}, not {names[0]}.",
            param="strategy",
            code="strategy_not_allowed",
        )


def _budget(text: str, key: Key) -> Budget:
    """The smaller of what is asked for and what the key may spend, dimension by dimension."""
    return smaller(parse_budget(text), key.ceiling) if text.strip() else key.ceiling


def _sampling(given: Sampling, wish: Wish) -> Sampling:
    fields = {name: value for name, value in wish.sampling.items() if value is not None}
    if fields.get("max_tokens", 0) > MOST_TOKENS:
        name = wish.bounded_by
        raise bad(f"{name}: no model draws more than {MOST_TOKENS} tokens.", param=name)
    try:
        return msgspec.convert({**asdict(given), **fields}, Sampling)
    except msgspec.ValidationError as error:
        told = misfit(error)
        if told.param == "max_tokens":
            told.param = wish.bounded_by
        raise told from None


def _id(wish: Wish, model: str, once: str) -> str:
    """Fresh for each request; the same for one that is sent again, or asks for a seed."""
    if not once and wish.seed is None:
        return f"req-{token_hex(12)}"
    parts = (once, model, wish.conversation, wish.sampling, wish.own)
    content = msgspec.json.encode(parts, order="sorted")
    return f"{'once' if once else 'seed'}-{blake2b(content, digest_size=12).hexdigest()}"
