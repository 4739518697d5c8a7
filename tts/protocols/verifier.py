"""What judges candidates."""

from __future__ import annotations

from typing import Any, Protocol

from tts.protocols.node import Awaitable, Verbs
from tts.values import Candidate, Score


class Verifier(Protocol):
    """Scores candidates by growing the graph: one node or many, priced like any other.

    An outcome verifier fills `Score.value`; a process verifier fills `Score.steps` as well.
    """

    @property
    def name(self) -> str: ...

    @property
    def identity(self) -> Any:
        """What changes its scores, as JSON-able data, for the manifest."""
        ...

    def score(self, candidate: Candidate | Awaitable[Candidate], run: Verbs) -> Awaitable[Score]:
        """The node that will hold the score of a candidate, or of a node that will be one."""
        ...
