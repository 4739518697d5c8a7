"""Why each branch of a run ended as it did, from what its round shows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from msgspec.structs import replace

from tts.eval.trace.trace import TraceNode

Rounds = Mapping[int, list[TraceNode]]
"""Draws by how many draws lie behind them."""


def with_reasons(roots: tuple[TraceNode, ...]) -> tuple[TraceNode, ...]:
    """The same trees, each node with a sentence."""
    rounds: dict[int, list[TraceNode]] = defaultdict(list)
    for depth, node in _deep(roots, 0):
        rounds[depth].append(node)
    every = (node for found in rounds.values() for node in found)
    chosen = next((node for node in every if node.fate == "chosen"), None)
    return _said(roots, 0, rounds, chosen)


def _deep(nodes: Iterable[TraceNode], depth: int) -> Iterator[tuple[int, TraceNode]]:
    for node in nodes:
        yield depth, node
        yield from _deep(node.children, depth + 1)


def _said(
    nodes: tuple[TraceNode, ...], depth: int, rounds: Rounds, chosen: TraceNode | None
) -> tuple[TraceNode, ...]:
    return tuple(
        replace(
            node,
            why=why(node, rounds[depth], chosen),
            children=_said(node.children, depth + 1, rounds, chosen),
        )
        for node in nodes
    )


def why(node: TraceNode, round_: list[TraceNode], chosen: TraceNode | None) -> str:
    """What the record shows; what a strategy thought is not on record."""
    if node.fate == "chosen":
        return "It holds the answer of the run."
    if node.fate == "finished":
        return _finished(node, chosen)
    if node.fate == "continued":
        return f"{_times(len(node.children))} continued from here."
    if node.fate == "cut":
        return "It was stopped at its most tokens before it had ended."
    if node.fate == "repeated":
        return "An earlier draw of the same beginning had said the same, so it was not scored."
    return _pruned(node, round_)


def _finished(node: TraceNode, chosen: TraceNode | None) -> str:
    if node.answer is None:
        return "It ended by itself, and no answer can be read in it."
    if chosen is None:
        return "It ended by itself; the run has no answer yet."
    if chosen.answer == node.answer:
        return "It ended with the answer that was given."
    if node.value is None or chosen.value is None:
        return "It ended with an answer that was not chosen."
    return (
        f"It ended with an answer that was not chosen: scored {node.value:.2f}, the chosen one "
        f"{chosen.value:.2f}."
    )


def _pruned(node: TraceNode, round_: list[TraceNode]) -> str:
    went_on = [one for one in round_ if one.fate == "continued"]
    if not went_on:
        return "Nothing of its round went on."
    start = f"{len(went_on)} of {len(round_)} of its round went on"
    values = [one.value for one in went_on if one.value is not None]
    if node.value is None or not values:
        return f"{start}; it was not scored."
    return f"It scored {node.value:.2f}; {start}, the lowest of them at {min(values):.2f}."


def _times(count: int) -> str:
    return "One draw" if count == 1 else f"{count} draws"
