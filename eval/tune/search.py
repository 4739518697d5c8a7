"""The search over settings, durable in a file."""

# pyright: reportMissingImports=false

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import product
from math import prod
from pathlib import Path
from random import Random
from typing import Any

import msgspec

from tts.errors import UsageError
from tts.eval.tune.runners import TrialRunner
from tts.eval.tune.trial import Failed, Measured, Outcome, Point, Space, Tried, Value

_OUTCOME = "outcome"
_RANDOM_STARTS = 8
_OUTCOMES: msgspec.json.Decoder[Outcome] = msgspec.json.Decoder(Measured | Failed)


def search(
    runner: TrialRunner,
    space: Space,
    *,
    trials: int,
    study: Path,
    name: str,
    start: Sequence[Point] = (),
    on_trial: Callable[[Tried], None] = lambda _: None,
) -> tuple[Tried, ...]:
    """Measure up to `trials` settings, those of earlier calls included; returns all of them.

    The settings are Optuna's tree-structured Parzen estimator's (Bergstra et al. 2011), the first
    ones `start`'s. `study` is an SQLite file that may hold several searches, apart by `name`. A
    setting is measured once; one whose process was lost is measured again. Raises UsageError
    without Optuna.
    """
    optuna = require_optuna()
    found = optuna.create_study(
        storage=f"sqlite:///{study}",
        study_name=name,
        direction="maximize",
        load_if_exists=True,
        sampler=optuna.samplers.TPESampler(seed=0, n_startup_trials=_RANDOM_STARTS),
    )
    if not found.trials:
        for point in start:
            found.enqueue_trial(dict(point))
    _take_up_lost(found, optuna.trial.TrialState)
    done = tried_of(found)
    while len(done) < min(trials, size(space)):
        trial, point = _fresh(found, space, optuna.trial.TrialState, done)
        outcome = runner.run(point)
        _tell(found, trial, outcome, optuna.trial.TrialState)
        done = tried_of(found)
        on_trial(done[-1])
    return done


def require_optuna() -> Any:
    """The package; raises UsageError, saying what to install, where it is missing."""
    try:
        import optuna
    except ImportError as error:
        raise UsageError("Tuning needs Optuna: pip install 'tts-engine[tune]'.") from error
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    return optuna


def tried_of(study: Any) -> tuple[Tried, ...]:
    """The finished trials of an Optuna study, in order."""
    ended = [one for one in study.trials if one.state.is_finished()]
    return tuple(
        Tried(number=number, point=dict(one.params), outcome=_outcome(one.user_attrs))
        for number, one in enumerate(one for one in ended if _OUTCOME in one.user_attrs)
    )


def _outcome(attributes: Mapping[str, Any]) -> Outcome:
    return _OUTCOMES.decode(str(attributes[_OUTCOME]))


def _tell(study: Any, trial: Any, outcome: Outcome, states: Any) -> None:
    trial.set_user_attr(_OUTCOME, msgspec.json.encode(outcome).decode())
    if isinstance(outcome, Measured):
        study.tell(trial, outcome.rate)
    else:
        study.tell(trial, state=states.FAIL)


def _take_up_lost(study: Any, states: Any) -> None:
    """Trials that an interrupted search left running are closed and stand in line again."""
    for one in study.get_trials(deepcopy=False, states=(states.RUNNING,)):
        study.tell(one.number, state=states.FAIL)
        study.enqueue_trial(one.params)


def _fresh(
    study: Any, space: Space, states: Any, done: Sequence[Tried]
) -> tuple[Any, dict[str, Value]]:
    """The next setting; where the sampler repeats one, a random one of those that are left."""
    seen = {_key(one.point) for one in done}
    while True:
        trial = study.ask()
        point = {name: trial.suggest_categorical(name, space[name]) for name in space}
        if _key(point) not in seen:
            return trial, point
        study.tell(trial, state=states.PRUNED)
        left = [one for one in every(space) if _key(one) not in seen]
        study.enqueue_trial(Random(len(done)).choice(left))


def size(space: Space) -> int:
    """How many settings there are."""
    return prod(map(len, space.values()))


def every(space: Space) -> list[dict[str, Value]]:
    """Every setting."""
    return [dict(zip(space, values, strict=True)) for values in product(*space.values())]


def _key(point: Point) -> tuple[tuple[str, Value], ...]:
    return tuple(sorted(point.items()))
