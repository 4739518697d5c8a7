"""The graph that everything is a call on."""

from tts.graph.group import Group
from tts.graph.node import Node, Owner, State
from tts.graph.outcome import Outcome, outcome_parameters
from tts.graph.wiring import nodes_in, substituted

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
