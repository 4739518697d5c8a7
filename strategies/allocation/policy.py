"""A policy: a ladder with what it was fitted on, as a file that says where it may be used."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, ValidationError

from tts.errors import BadInput, UsageError
from tts.strategies.allocation.ladder import Data, Ladder
from tts.values import Problem

VERSION = 2
Split = Literal["train", "calibration", "held_out"]


class Interval(Data):
    """A value between the bounds of its 95 % confidence interval."""

    value: float
    low: float
    high: float


class Slice(Data):
    """Part of the held-out problems, and how it went there."""

    name: str
    problems: int
    accuracy: Interval
    tokens: float
    failed: int
    """Wrong answers that were accepted: the verifier was sure of them."""


class HeldOut(Data):
    """What the ladder did on problems that it was not fitted on, beside the target."""

    problems: int
    accuracy: Interval
    target: Interval
    """Of uniform spending on the same problems."""
    difference: Interval
    """Paired, ladder minus target."""
    tokens: Interval
    """A problem, of every call."""
    target_tokens: Interval
    ratio: Interval
    """Times fewer tokens than the target."""
    ratio_prompt_once: Interval
    """The same, if the target's draws paid for one prompt together."""
    ratio_rescored: Interval
    """The same, if in addition equal texts were scored again on both sides."""
    flops_ratio: Interval | None = None
    control: Interval | None = None
    """The ratio of uniform spending that was chosen and judged in the same way."""
    ece: float | None = None
    """Expected calibration error of the scores of accepted answers (Naeini et al. 2015)."""
    slices: tuple[Slice, ...] = ()


class Peak(Data):
    """Where the curve of the selector alone is highest: under an imperfect one more draws are worse."""

    n: int
    """The fewest draws that are right most often."""
    low: int
    high: int
    """95 % of resamples of the problems have their peak between them."""
    most: int
    gain: Interval
    """Accuracy that stopping there has over `most`, on problems that did not choose it."""

    @property
    def turns(self) -> bool:
        """Whether more draws are decidedly worse."""
        return self.gain.low > 0


class Measured(Data):
    """What a setting did on the fitting problems of one predicted difficulty."""

    bin: int = Field(ge=0)
    """1 the easiest; 0: all problems."""
    setting: str
    problems: int
    accuracy: Interval
    cost: Interval
    """A problem, behind what tells its difficulty."""
    chosen: bool


class BinHeldOut(Data):
    """The held-out problems of one predicted difficulty."""

    bin: int
    setting: str
    problems: int
    accuracy: Interval
    cost: float
    failed: int
    """Wrong answers to problems that were taken to be easy: a right draw in every two."""


class GridHeldOut(Data):
    """What choosing by difficulty did on problems that it was not chosen on."""

    problems: int
    accuracy: Interval
    cost: Interval
    fixed_accuracy: Interval
    """Of the best setting for all, chosen on the same problems under the same wish."""
    fixed_cost: Interval
    difference: Interval
    """Paired, chosen minus fixed."""
    oracle: Interval | None = None
    """If the true difficulty were known before anything is spent (Snell et al. 2024)."""
    ece: float | None = None
    """Expected calibration error of the predicted chance of a right draw."""
    slices: tuple[BinHeldOut, ...] = ()


Cost = Literal["tokens", "fresh_tokens", "flops", "dollars", "seconds", "calls"]
"""What is paid in."""


class GridFit(Data):
    """The settings that a ladder was chosen from, and what they did."""

    budget: float | None = Field(default=None, gt=0)
    """A problem, on the average; None: the price of the policy is paid."""
    choice: tuple[str, ...]
    """The setting of each bin, 1 the easiest; one alone: for all problems."""
    fixed: str
    """The best one for all."""
    measured: tuple[Measured, ...]
    held_out: GridHeldOut | None = None


class Policy(Data):
    """A fitted ladder. What it was fitted on is part of it, so that it can refuse to be judged by
    the same problems, or to be used with other models."""

    version: Literal[1, 2] = 2
    """1 knew no settings."""
    ladder: Ladder
    models: dict[str, str]
    """By the names that the ladder uses: name and revision of the model; empty: not known."""
    verifier: Any = None
    """Identity of the verifier, as its engine has it; None: not known, or nothing is scored."""
    target: str
    """What the ladder is measured against, as a strategy is spelled."""
    price: float = Field(ge=0)
    """Accuracy that a token, or a FLOP, is worth, as the fit has it."""
    cost: Cost = "tokens"
    """What the price is of."""
    margin: float = Field(ge=0)
    """Accuracy that may be lost to the target where it was fitted, and be sure of it."""
    problems: dict[Split, tuple[str, ...]]
    """Digests of the prompts, by what they were for."""
    peak: Peak | None = None
    """Where it turns, no rung goes on behind it."""
    held_out: HeldOut | None = None
    grid: GridFit | None = None
    """Where whole settings were chosen from."""

    def write(self, path: Path) -> None:
        """The file, which appears whole."""
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(path.name + ".part")
        part.write_text(self.model_dump_json(indent=1) + "\n", encoding="utf-8")
        part.replace(path)

    @property
    def digest(self) -> str:
        """Of all that decides what a run does."""
        told = json.dumps(self.ladder.model_dump(mode="json"), sort_keys=True)
        return sha256(told.encode()).hexdigest()[:12]

    def refuse_problems(self, problems: Iterable[Problem]) -> None:
        """Raise `UsageError` where the policy was fitted on some of these problems."""
        known = {*self.problems.get("train", ()), *self.problems.get("calibration", ())}
        found = [one.id for one in problems if prompt_digest(one.prompt) in known]
        if found:
            raise UsageError(
                f"The policy was fitted on {len(found)} of these problems, {found[0]!r} first: it "
                "would be judged by what it learnt. Take other problems, or its held-out ones."
            )

    def refuse_models(self, models: Mapping[str, str], verifier: Any) -> None:
        """Raise `UsageError` where it was fitted with another model, or another verifier."""
        for name in self.ladder.models:
            if name not in models:
                raise UsageError(
                    f"The policy asks a model {name!r}: give one with --models {name}=BACKEND:NAME."
                )
            known = self.models.get(name, "")
            if known and known != models[name]:
                raise UsageError(
                    f"The policy was fitted with {known!r} as model {name!r}, not with "
                    f"{models[name]!r}: fit one for it with tts calibrate."
                )
        if self.verifier is not None and self.verifier != verifier:
            raise UsageError(
                f"The policy was fitted with the verifier {_plain(self.verifier)}, not with "
                f"{_plain(verifier)}: scores of another one mean something else."
            )


def read_policy(path: Path) -> Policy:
    """The policy of a file; raises `BadInput` with one line where it is none."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise BadInput(f"Policy {path}: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise BadInput(f"Policy {path} is not UTF-8 text: byte {error.start}.") from error
    try:
        return Policy.model_validate_json(text)
    except ValidationError as error:
        fault = error.errors(include_url=False)[0]
        place = ".".join(map(str, fault["loc"]))
        said = fault["msg"].removeprefix("Value error, ")
        raise BadInput(
            f"Policy {path} is no policy of version {VERSION}: {f'{place}: ' if place else ''}{said}."
        ) from error


def prompt_digest(prompt: str) -> str:
    """Sixteen letters that stand for a prompt, whatever its problem is called."""
    return sha256(prompt.strip().encode()).hexdigest()[:16]


def _plain(identity: Any) -> str:
    return json.dumps(identity, sort_keys=True) if identity is not None else "none"
