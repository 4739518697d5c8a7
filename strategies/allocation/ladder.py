"""A ladder: whom to ask, how often, when to be content, when to give up."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from tts.answers import Aggregate
from tts.run import Run, Setting
from tts.strategies.allocation.difficulty import Difficulty
from tts.strategies.parts.select import Choice, chosen
from tts.strategies.parts.stopping import (
    Beta,
    Either,
    ExpectedGain,
    GiveUp,
    ScoreThreshold,
    StopRule,
)

Signal = Literal["score", "agreement"]
"""What makes an answer acceptable: its verifier's score, or how surely it leads the vote."""


SamplingName = Literal["top_p", "top_k", "max_tokens"]


class Data(BaseModel):
    """Part of a policy: plain data in which no key is unknown."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Rung(Data):
    """One step of a ladder: draws of one model, or a whole strategy, and when to leave it."""

    model: str = "default"
    """The name of a generator of the engine."""
    n: int = Field(default=1, ge=1)
    """Draws, at most."""
    temperature: float | None = Field(default=None, ge=0)
    """0 is greedy; None: as the engine draws."""
    sampling: dict[SamplingName, float] = {}
    """What else of its draws is other than those of the engine."""
    batch: int = Field(default=1, ge=1)
    """Draws that travel together; the rules are asked between batches."""
    accept: float | None = Field(default=None, ge=0, le=1)
    """An answer at this score, or of this probability to lead the vote, ends the climb; None: none
    does."""
    abandon: float = Field(default=0.0, ge=0, le=1)
    """The climb is given up where no score has reached this one after `patience` draws in all."""
    patience: int = Field(default=8, ge=1)
    worth: float = Field(default=0.0, ge=0, lt=1)
    """Draws go on only while the next one is expected to raise the best score by more; 0: whatever
    it brings."""
    strategy: str = ""
    """A strategy that runs in place of the draws, such as `beam_search`."""
    parameters: dict[str, Any] = {}
    """Of that strategy: its `n`, or how many chains of which length."""
    bins: tuple[int, ...] = ()
    """The predicted difficulties that it is for, 1 the easiest; empty: all."""
    select: Choice | None = None
    """How the answer is chosen among all draws where it is the last that is asked; None: as the
    ladder has it. Draws that only vote are not scored."""
    aggregate: Aggregate | None = None
    """How step scores become one, in its choice or in all of its strategy."""
    task: str = ""
    """Whose prompt its strategy asks with; empty: the problem's own."""

    @model_validator(mode="after")
    def _possible(self) -> Self:
        if self.temperature == 0 and self.n > 1:
            raise ValueError("greedy draws are all the same: n is 1 where the temperature is 0")
        if self.parameters and not self.strategy:
            raise ValueError("parameters are those of a strategy, and none is named")
        if self.task and not self.strategy:
            raise ValueError("another task's prompt is that of a strategy, and none is named")
        chosen(self.select or "best", None if self.strategy else self.aggregate)
        return self

    @property
    def whole(self) -> bool:
        """Whether its strategy's own answer is taken as it is."""
        return bool(self.strategy) and self.accept is None

    def drawn(self) -> dict[str, Any]:
        """Fields of `Sampling` that it sets."""
        told: dict[str, Any] = {
            name: value if name == "top_p" else int(value) for name, value in self.sampling.items()
        }
        return told if self.temperature is None else {**told, "temperature": self.temperature}

    def setting(self, run: Run) -> Setting | None:
        """What is other in its strategy than in the run; None: nothing is."""
        other = {k: v for k, v in self.drawn().items() if v != getattr(run.sampling, k)}
        model = "" if self.model in ("default", run.models[0]) else self.model
        found = Setting(model=model, sampling=other, task=self.task, aggregate=self.aggregate)
        return None if found == Setting() else found

    @property
    def who(self) -> str:
        """What it asks, in words."""
        if not self.strategy:
            return f"model {self.model}"
        inside = ", ".join(f"{name}={value}" for name, value in self.parameters.items())
        by = "" if self.model == "default" else f" of model {self.model}"
        return f"{self.strategy}({inside}){by}"

    def content(self, signal: Signal) -> StopRule | None:
        """The rule by which an answer is accepted."""
        if self.accept is None:
            return None
        if signal == "score":
            return ScoreThreshold(self.accept)
        return Beta(self.accept)

    def hopeless(self) -> StopRule | None:
        """The rule by which a problem is given up."""
        return GiveUp(self.abandon, after=self.patience) if self.abandon else None

    def enough(self) -> StopRule | None:
        """The rule by which another draw is not worth its cost."""
        return ExpectedGain(self.worth) if self.worth else None

    def rule(self, signal: Signal) -> StopRule:
        """Any of them."""
        rules = (self.content(signal), self.hopeless(), self.enough())
        return Either(*(one for one in rules if one is not None))


class Ladder(Data):
    """Rungs, climbed in their order until an answer is accepted or the problem is given up."""

    rungs: tuple[Rung, ...] = Field(min_length=1)
    signal: Signal = "score"
    select: Choice = "best"
    """How the answer is chosen among all draws, where the last one is not simply accepted."""
    difficulty: Difficulty | None = None
    """Tells from the draws so far which rungs a problem is for."""

    @model_validator(mode="after")
    def _possible(self) -> Self:
        for rung in self.rungs:
            if rung.bins and self.difficulty is None:
                raise ValueError("a rung for some bins needs a difficulty that tells them")
            if self.signal == "agreement" and rung.accept is not None and rung.accept <= 0.5:
                raise ValueError("agreement is accepted above 0.5")
            if self.signal == "agreement" and (rung.abandon or rung.worth):
                raise ValueError("abandon and worth look at scores, and agreement has none")
        if self.rungs[0].bins:
            raise ValueError("the first rung is for all bins: nothing is known before it")
        return self

    @property
    def models(self) -> tuple[str, ...]:
        """The generators that it asks, by name."""
        return tuple(dict.fromkeys(rung.model for rung in self.rungs))

    @property
    def scored(self) -> bool:
        """Whether its draws are judged by a verifier."""
        return self.signal == "score"


GREEDY_FIRST, SURE, WORTH, MOST = 0.9, 0.95, 0.01, 16
"""What is accepted where nobody has calibrated: a score, the probability of a vote; what the next
draw has to be worth; and most draws."""


def default_ladder(models: Sequence[str], *, scored: bool, n: int = MOST) -> Ladder:
    """The ladder of whoever has calibrated nothing: cautious, and right without a verifier as well.

    With a verifier each model answers greedily and the first answer that scores .9 is accepted; then
    the default model draws until one does or the next is not expected to raise the best score by .01,
    at most `n` times, and the scores vote: a verifier that knows nothing then does little harm.
    Without one draws are compared until an answer leads the vote with probability .95.
    """
    if not scored:
        share = max(1, n // len(models))
        rungs = [Rung(model=name, n=share, batch=min(4, share), accept=SURE) for name in models]
        return Ladder(rungs=tuple(rungs), signal="agreement", select="majority")
    greedy = [Rung(model=name, temperature=0.0, accept=GREEDY_FIRST) for name in models]
    draws = Rung(model=models[0], n=n, accept=GREEDY_FIRST, worth=WORTH)
    return Ladder(rungs=(*greedy, draws), signal="score", select="weighted")
