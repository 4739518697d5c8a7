"""What a strategy would do and cost, before anything is spent."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

from msgspec import Struct
from msgspec.structs import asdict, replace

from tts.answers import task_for
from tts.budget import Account
from tts.budget.account import unknown
from tts.engine.job import FORCED_TOKENS
from tts.engine.session import Session
from tts.errors import BudgetTooSmall, UnknownPrice, UsageError
from tts.executor.dry import DryCall, DryScheduler
from tts.protocols import RecordedGenerator
from tts.run import Run, RunSettings, Strategy, WorstCases, finish_reserve, is_bounded, may_read
from tts.strategies.parts.cautions import cautions
from tts.values import NOTHING, Budget, Problem, Usage
from tts.verifiers import Unscored


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
    scheduler = DryScheduler(session.price)
    await strategy.solve(problem, dry_run(problem, session, scheduler))
    return Estimate(
        problem_id=problem.id,
        calls=tuple(scheduler.calls),
        worst=scheduler.worst,
        bound=is_bounded(strategy),
        budget=budget or Budget(),
        cautions=cautions(strategy, session.generator),
    )


def dry_run(problem: Problem, session: Session, scheduler: DryScheduler) -> Run:
    """A Run without ceilings that sends nothing."""
    settings = RunSettings(
        run_id="dry",
        job="dry",
        problem=problem,
        task=task_for(problem.task, session.generator.model.name),
        generators=session.generators,
        verifier=session.verifier,
        retrieval=session.retrieval,
        scripts=session.scripts,
        execution=session.execution,
        demonstrations=session.demonstrations,
        equivalence=session.equivalence,
        sampling=session.sampling,
        forced_tokens=FORCED_TOKENS,
    )
    return Run(settings, scheduler=scheduler, account=Account({}))


def prompt_tokens(problem: Problem, session: Session) -> int:
    """How long the prompt of a problem is for the default model, with its longest draw where every
    draw is recorded."""
    generator = session.generator
    asked = task_for(problem.task, generator.model.name).render(problem)
    drawn = generator.most_tokens(problem) if isinstance(generator, RecordedGenerator) else 0
    return generator.count_prompt(asked, "") + drawn


async def refuse(
    problem: Problem,
    strategies: Iterable[Strategy],
    budgets: Iterable[Budget],
    session: Session,
    *,
    wallet: Budget,
) -> None:
    """Raise where a run on the (longest) problem could not begin, before anything is sent.

    `BudgetTooSmall` and `UnknownPrice` say what would do, `UsageError` what a strategy lacks.
    """
    run = dry_run(problem, session, DryScheduler(session.price))
    least = WorstCases.of(run.settings, run.generation())
    price = partial(session.price, run.generation().spec.model)
    priced = WorstCases(forced=price(least.forced), draw=price(least.draw))
    refuse_wallet(wallet, priced.draw)
    faults: list[UsageError] = []
    for budget in budgets:
        try:
            finish_reserve(budget, priced)
        except (BudgetTooSmall, UnknownPrice) as error:
            faults.append(error)
    if faults:
        words = " ".join(dict.fromkeys(map(str, faults)))
        raise type(faults[0])(f"{words} Nothing was sent; problem {problem.id!r} is the longest.")
    lacking = session.verifier is None or isinstance(session.verifier, Unscored)
    tried = (one for one in strategies if lacking or may_read(one))
    for strategy in tried:
        try:
            await estimate(problem, strategy, session)
        except UsageError as error:
            raise UsageError(f"{strategy.name}: {error} Nothing was sent.") from error


def refuse_wallet(wallet: Budget, draw: Usage) -> None:
    """Raise `UnknownPrice` where nobody could say what a call takes out of the wallet."""
    for name in wallet.ceilings:
        if getattr(draw, name) is None:
            raise UnknownPrice(f"{unknown(name, 'wallet')} Nothing was sent.")
