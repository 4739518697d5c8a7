"""What a run asks of its models, in seconds and joules of a machine that nobody else uses."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from msgspec import Struct

from tts.budget.idealised_runtime import IdealisedRuntime, read_runtimes
from tts.protocols import Role
from tts.retrieval.operation import revision_of
from tts.values import Usage

OF_GENERATORS: tuple[Role, ...] = ("sample", "plan", "probe")

Amount = Callable[[IdealisedRuntime, Usage], float | None]


class Idealised(Struct, frozen=True):
    """Fits by the role of the calls that they time.

    A role is missing where its model has no fit, or where models of different fits share it: what
    such calls take is not known, and neither is the sum that they belong to.
    """

    runtimes: Mapping[Role, IdealisedRuntime]

    def seconds(self, attributed: Usage, spend: Mapping[Role, Usage]) -> float | None:
        """Of one run; None: unknown."""
        return self._sum(attributed, spend, IdealisedRuntime.seconds_of)

    def joules(self, attributed: Usage, spend: Mapping[Role, Usage]) -> float | None:
        """Of one run; None: a model's power was not measured, or the time is unknown."""
        return self._sum(attributed, spend, IdealisedRuntime.joules_of)

    def _sum(self, whole: Usage, spend: Mapping[Role, Usage], amount: Amount) -> float | None:
        if sum(usage.tokens for usage in spend.values()) != whole.tokens:
            return None
        total = 0.0
        for role, usage in spend.items():
            if not usage.tokens and not usage.retrievals:
                continue
            runtime = self.runtimes.get(role)
            part = amount(runtime, usage) if runtime else None
            if part is None:
                return None
            total += part
        return total


def fits_of(
    path: Path | None, generators: Iterable[str], identity: Any, retriever: Any = None
) -> Idealised | None:
    """The fits of a file for these generators and the verifier and the retriever of those
    identities; None without a file, `BadInput` where it cannot be read."""
    if path is None:
        return None
    verifier = identity.get("model") if isinstance(identity, dict) else None
    return idealised(read_runtimes(path), generators, verifier, retriever)


def idealised(
    fits: Mapping[str, IdealisedRuntime],
    generators: Iterable[str],
    verifier: str | None,
    retriever: Any = None,
) -> Idealised:
    """The fits of a comparison's roles, by the names of its models.

    A strategy may ask a generator to judge as the verifier may, so that `judge` is known where
    both have one fit.
    """
    drawing = tuple(generators)
    verifying = (verifier,) if verifier else ()
    models: dict[Role, tuple[str, ...]] = dict.fromkeys(OF_GENERATORS, drawing)
    models |= {"judge": (*drawing, *verifying), "verify": verifying}
    models |= {"retrieve": (fit_name(retriever),)}
    found: dict[Role, IdealisedRuntime] = {}
    for role, names in models.items():
        own = [fits.get(name) for name in names]
        if own and own[0] is not None and all(one == own[0] for one in own):
            found[role] = own[0]
    return Idealised(found)


def fit_name(retriever: Any) -> str:
    """What the fit of a retriever of that identity is called in a file that holds those of models:
    another corpus takes other times."""
    return f"retriever:{revision_of(retriever)}"
