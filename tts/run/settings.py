"""What every Run of one solve shares."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from tts.answers import Task
from tts.equivalence import Equivalence
from tts.protocols import Generator, Verifier
from tts.run.recorded import FRESH, Recorded
from tts.values import Problem, Sampling


@dataclass(frozen=True, kw_only=True)
class RunSettings:
    """The problem, who answers, and how; handed in by the engine."""

    run_id: str
    job: str
    problem: Problem
    task: Task
    generators: Mapping[str, Generator]
    """By name; the first is the default."""
    equivalence: Equivalence
    verifier: Verifier | None = None
    sampling: Sampling = field(default_factory=Sampling)
    seed: int = 0
    """The replicate: another seed gives other draws of the same prompts."""
    recorded: Recorded = FRESH
    forced_tokens: int = 48
    """Most tokens of a forced last answer."""
    watched: bool = False
    """Whether events are wanted."""
