"""What a strategy would do and cost, before anything is spent."""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import asdict, replace

from tts.budget import Account
from tts.engine.session import Session
from tts.executor.dry import DryCall, DryScheduler
from tts.prompts import task_for
from tts.protocols import Strategy
from tts.run import Run, RunSettings
from tts.strategies.cautions import cautions
from tts.values import NOTHING, Budget, Problem, Usage


class Estimate(Struct, frozen=True, kw_only=True):
    """The shape of a strategy on one problem, and its cost at worst."""

    problem_id: str
    calls: tuple[DryCall, ...]
    worst: Usage
    """Of the shape as it runs on pessimistic values."""
    bound: bool
    """Whether no run can cost more than `worst`: the strategy declares that its shape is fixed."""
    budget: Budget
    cautions: tuple[str, ...] = ()
    """What is known against this strategy with this model."""

    @property
    def ceiling(self) -> Usage:
        """The most that can be charged: `worst`, and never more than the budget."""
        worst = asdict(self.worst)
        capped = {
            name: min(worst[name], ceiling)
            for name, ceiling in self.budget.ceilings.items()
            if worst.get(name) is not None
        }
        return replace(self.worst, **capped)

    @property
    def depth(self) -> int:
        """Calls that follow one another, at worst."""
        return max((call.depth for call in self.calls), default=0)

    def by_role(self) -> dict[str, Usage]:
        """The worst case by what the calls are for."""
        roles: dict[str, Usage] = {}
        for call in self.calls:
            roles[call.role] = roles.get(call.role, NOTHING) + call.worst
        return roles

    def wording(self) -> str:
        """What the figure is: a bound, or a shape."""
        if self.bound:
            return "a bound: no run of this strategy can cost more"
        if self.budget.ceilings:
            return "its shape on pessimistic values, and at most the budget"
        return "its shape on pessimistic values; without a budget there is no bound"


async def estimate(
    problem: Problem, strategy: Strategy, session: Session, budget: Budget | None = None
) -> Estimate:
    """Run the strategy dry: nothing is sent (Law 11 of the architecture)."""
    model = next(iter(session.generators.values())).model.name
    settings = RunSettings(
        run_id="dry",
        job="dry",
        problem=problem,
        task=task_for(problem.task, model),
        generators=session.generators,
        verifier=session.verifier,
        equivalence=session.equivalence,
        sampling=session.sampling,
    )
    scheduler = DryScheduler(session.price)
    run = Run(settings, scheduler=scheduler, account=Account({}))
    await strategy.solve(problem, run)
    return Estimate(
        problem_id=problem.id,
        calls=tuple(scheduler.calls),
        worst=scheduler.worst,
        bound=getattr(strategy, "bounded", False),
        budget=budget or Budget(),
        cautions=cautions(strategy, next(iter(session.generators.values()))),
    )
