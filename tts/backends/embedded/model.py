"""A loaded model folder."""

from __future__ import annotations

import ctypes
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from importlib.resources import files
from pathlib import Path
from typing import Literal, get_args

import numpy as np

from tts.answers import Aggregate
from tts.backends.embedded.folder import EmbeddedConfig, Weights
from tts.backends.embedded.tokenizer import EmbeddedTokenizer
from tts.backends.embedded.transformer import Transformer
from tts.backends.weight_files import weights_digest
from tts.errors import BadInput, ContextTooLong
from tts.values import Model

PolicyName = Literal["small", "large", "planner", "countdown", "steps", "reader"]
ScorerName = Literal["prm", "countdown-value", "steps-prm"]
EmbeddedName = PolicyName | ScorerName
POLICIES: tuple[PolicyName, ...] = get_args(PolicyName)
SCORERS: tuple[ScorerName, ...] = get_args(ScorerName)
EMBEDDED_NAMES: tuple[EmbeddedName, ...] = (*POLICIES, *SCORERS)
_OWN_SCORERS: Mapping[str, ScorerName] = {"countdown": "countdown-value", "steps": "steps-prm"}
_OWN_TASKS: Mapping[str, str] = {"countdown": "countdown", "reader": "qa"}
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
        folder = model_folder(name)
        content = (folder / "model.safetensors").read_bytes()
        revision = hashlib.sha256(content).hexdigest()[:12]
        return cls.load(folder, f"embedded:{name}", revision=revision)

    @classmethod
    def load(
        cls, folder: Path, name: str, *, revision: str | None = None, context: int | None = None
    ) -> EmbeddedModel:
        """Read a Hugging Face folder.

        `revision`: None: a digest of what the folder holds. `context`: the most tokens of prompt
        and completion, None: as many as the model can read. Raises BadInput for a folder that is
        broken, or that the runtime cannot run.
        """
        use_one_blas_thread()
        config, weights = EmbeddedConfig.load(folder), Weights.load(folder)
        if context is not None:
            config = replace(config, positions=min(context, config.positions))
        tokenizer = EmbeddedTokenizer(folder)
        transformer = Transformer(config, weights)
        if weights.unread:
            raise BadInput(
                f"{folder}: the numpy runtime does not know {weights.unread[0]}, one of "
                f"{len(weights.unread)} arrays that a plain {config.kind} has not."
            )
        model = Model(
            name=name,
            revision=revision or weights_digest(folder),
            parameters=weights.parameters,
            context_length=config.positions,
        )
        return cls(model, weights.parameters, weights, tokenizer, transformer)

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
    """The task that this policy was taught; a model of a folder is asked any."""
    if policy not in POLICIES:
        return "math"
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
