"""The registered strategies that draw whole solutions and select one, as plans."""

from __future__ import annotations

from tts.engine.spelling import parse_strategy, spell_strategy
from tts.errors import UsageError
from tts.eval.replay.plan import Plan
from tts.run import Strategy
from tts.strategies.allocation.compute_optimal import UntilAccepted
from tts.strategies.parts.stopping import ExpectedGain, Never, UnanimousWindow, stop_rule
from tts.strategies.sampling.best_of_n import BestOfN, OptimalStopping
from tts.strategies.sampling.majority_vote import (
    RULES,
    AdaptiveConsistency,
    EarlyStoppingConsistency,
    FirstFinish,
    MajorityVote,
    Single,
)


def plan_of(text: str) -> Plan:
    """The plan of a strategy such as `adaptive_consistency(n=16, batch=1)`.

    Raises `UsageError` for a strategy that does more than draw, stop and select: it would ask the
    model again, which `tts compare --model replay:FILE` does as far as the record goes.
    """
    strategy = parse_strategy(text)
    label = spell_strategy(strategy)
    made = _plans(strategy, label)
    if made is None:
        raise UsageError(
            f"{label} does more than draw whole solutions and select one, so recorded draws cannot"
            f" tell what it would do. What can be replayed: {', '.join(REPLAYED)}."
        )
    if isinstance(strategy, BestOfN) and strategy.aggregate is not None:
        raise UsageError(f"{label}: recorded draws hold one score each, no scores of steps.")
    return made


REPLAYED = (
    *("adaptive_consistency", "best_of_n", "early_stopping_consistency", "first_finish"),
    *("majority_vote", "optimal_stopping", "single", "until_accepted", "weighted_best_of_n"),
)


def _plans(strategy: Strategy, label: str) -> Plan | None:
    """As their `solve` has it: `batch` draws at once where a rule is asked, else all of them."""
    match strategy:
        case Single():
            return Plan(label=label, n=1, batch=1, rule=Never(), choice="first")
        case AdaptiveConsistency(n=n, batch=batch):
            odds = RULES[strategy.rule](strategy.confidence)
            return Plan(label=label, n=n, batch=batch, rule=odds, choice="majority")
        case EarlyStoppingConsistency(n=n, window=size):
            agreed = UnanimousWindow(size)
            return Plan(label=label, n=n, batch=size, rule=agreed, choice="majority")
        case FirstFinish(n=n, m=m):
            never = Never()
            return Plan(label=label, n=n, batch=n, rule=never, choice="majority", first=m)
        case OptimalStopping(n=n, batch=batch, select=choice):
            gain = ExpectedGain(strategy.cost, least=strategy.least)
            return Plan(label=label, n=n, batch=batch, rule=gain, choice=choice)
        case UntilAccepted(n=n, batch=batch, select=choice):
            [rung] = strategy.rungs
            return Plan(label=label, n=n, batch=batch, rule=rung.rule("score"), choice=choice)
        case MajorityVote(n=n) | BestOfN(n=n):
            choice = strategy.choice if isinstance(strategy, BestOfN) else "majority"
            batch = n if strategy.stop == "never" else strategy.batch
            rule = stop_rule(strategy.stop)
            return Plan(label=label, n=n, batch=batch, rule=rule, choice=choice)
    return None
