"""The graph that everything is a call on."""

from tts.graph.node import (
    Group,
    Node,
    Outcome,
    Owner,
    State,
    nodes_in,
    outcome_parameters,
    substituted,
)

__all__ = [
    "Group",
    "Node",
    "Outcome",
    "Owner",
    "State",
    "nodes_in",
    "outcome_parameters",
    "substituted",
]
