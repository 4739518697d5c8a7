"""Like for like: one selection rule for every method of a comparison that leaves its own unsaid.

With another rule than its baseline a method's difference is that of the rules as well: for searches
on hard problems that alone came to two points.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from tts.engine.registry import build_strategy
from tts.engine.spelling import parse_strategy, spell_strategy, split_outside
from tts.errors import UsageError
from tts.eval.spec import Selection
from tts.run import Strategy

BY_SCORE = ("best", "weighted")
"""Defaults that a comparison replaces. Votes and last words need no verifier, and stay."""


def alike(text: str, rule: Selection) -> Strategy:
    """The strategy of a text, with this rule where the text names none.

    It is a parameter like any other: part of the name and of the identity of runs. Raises as
    `parse_strategy` does.
    """
    strategy = parse_strategy(text)
    own = strategy.parameters.get("select")
    if rule == "own" or own == rule or own not in BY_SCORE or _says_its_own(text):
        return strategy
    return build_strategy(strategy.name, {**strategy.parameters, "select": rule})


def baseline_alike(named: str, texts: Iterable[str], rule: Selection) -> str:
    """The label of the baseline, which may be named as it is written in the list of strategies or
    as it would be called alone; any other name stays."""
    called: dict[str, str] = {}
    for text in texts:
        label = spell_strategy(alike(text, rule))
        called |= {text.strip(): label, spell_strategy(parse_strategy(text)): label}
    return called.get(named.strip(), named)


def unlike(labels: Iterable[str]) -> list[str]:
    """A caution where rows select by different rules; none where they are alike.

    Methods that are a rule of their own, as votes are, are not looked at.
    """
    rows: Mapping[str, list[str]] = defaultdict(list)
    for label in dict.fromkeys(labels):
        if (rule := _rule_of(label)) is not None:
            rows[rule].append(label)
    if len(rows) < 2:
        return []
    told = "; ".join(f"{rule} in {', '.join(members)}" for rule, members in rows.items())
    return [f"Not like for like, the rows differ in how they select: {told}."]


def _says_its_own(text: str) -> bool:
    inside = text.partition("(")[2].rpartition(")")[0]
    return any(part.partition("=")[0].strip() == "select" for part in split_outside(inside))


def _rule_of(label: str) -> str | None:
    try:
        strategy = parse_strategy(label)
    except UsageError:
        return None
    rule = strategy.parameters.get("select", getattr(strategy, "choice", None))
    return rule if isinstance(rule, str) else None
