"""A loaded model folder."""

from __future__ import annotations

import ctypes
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Literal, get_args

import numpy as np

from tts.answers import Aggregate
from tts.backends.embedded.folder import EmbeddedConfig, EmbeddedTokenizer, Weights
from tts.backends.embedded.transformer import Transformer
from tts.errors import ContextTooLong
from tts.values import Model

PolicyName = Literal["small", "large", "planner", "countdown", "steps"]
ScorerName = Literal["prm", "countdown-value", "steps-prm"]
EmbeddedName = PolicyName | ScorerName
POLICIES: tuple[PolicyName, ...] = get_args(PolicyName)
SCORERS: tuple[ScorerName, ...] = get_args(ScorerName)
EMBEDDED_NAMES: tuple[EmbeddedName, ...] = (*POLICIES, *SCORERS)
_OWN_SCORERS: Mapping[str, ScorerName] = {"countdown": "countdown-value", "steps": "steps-prm"}
_OWN_TASKS: Mapping[str, str] = {"countdown": "countdown"}
_OWN_AGGREGATES: Mapping[str, Aggregate] = {"countdown-value": "last"}
"""By name, where a model differs from the first ones: its scorer, its task, how a scorer's steps
make one score."""
_SETTERS = ("scipy_openblas_set_num_threads64_", "openblas_set_num_threads64_")


@dataclass(frozen=True, slots=True)
class EmbeddedModel:
    """Weights, tokenizer and forward pass of one model."""

    model: Model
    parameters: int
    weights: Weights
    tokenizer: EmbeddedTokenizer
    transformer: Transformer

    @classmethod
    def shipped(cls, name: EmbeddedName) -> EmbeddedModel:
        """One of the models that the package contains; it is called `embedded:<name>`."""
        return cls.load(model_folder(name), f"embedded:{name}")

    @classmethod
    def load(cls, folder: Path, name: str) -> EmbeddedModel:
        """Read a Hugging Face folder; raises BadInput for one that the runtime cannot run."""
        use_one_blas_thread()
        config, weights = EmbeddedConfig.load(folder), Weights.load(folder)
        model = Model(
            name=name,
            revision=weights.digest,
            parameters=weights.parameters,
            context_length=config.positions,
        )
        transformer = Transformer(config, weights)
        return cls(model, weights.parameters, weights, EmbeddedTokenizer(folder), transformer)

    def check_length(self, tokens: int) -> None:
        """Raises ContextTooLong where so many tokens do not fit the context."""
        positions = self.transformer.config.positions
        if tokens > positions:
            raise ContextTooLong(
                f"Prompt and allowance are {tokens} tokens; {self.model.name} holds {positions}."
            )

    def flops(self, tokens: int) -> int:
        """2 · parameters · tokens."""
        return 2 * self.parameters * tokens


def scorer_of(policy: str) -> ScorerName:
    """The scorer that was trained on solutions like this policy's."""
    return _OWN_SCORERS.get(policy, "prm")


def task_of(policy: str) -> str:
    """The task that this policy was taught."""
    return _OWN_TASKS.get(policy, "arithmetic")


def aggregate_of(scorer: str) -> Aggregate:
    """How the scores of a solution's steps make one: as good as its worst step, or, of a value
    model, as its last state."""
    return _OWN_AGGREGATES.get(scorer, "min")


def model_folder(name: EmbeddedName) -> Path:
    """Where a shipped model lies."""
    return Path(str(files("tts.backends.embedded"))) / "models" / name


def use_one_blas_thread() -> None:
    """Let the OpenBLAS that numpy's wheels contain compute on the calling thread alone.

    Matrices of this size gain little from a second thread, and where cores are busy its
    spinning makes them many times slower. Holds for the whole process; does nothing where numpy
    was built with another library.
    """
    libraries = Path(np.__file__).parent.with_name("numpy.libs")
    for path in libraries.glob("*openblas*"):
        library = ctypes.CDLL(str(path))
        for name in _SETTERS:
            if hasattr(library, name):
                getattr(library, name)(ctypes.c_int(1))
