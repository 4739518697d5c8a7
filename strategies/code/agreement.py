"""Which program to trust where tests are a model's own: rules over what passed what.

Tests that a model wrote are wrong as often as its programs, so the share of tests that a program
passes misleads, and the more so the more programs there are to fit the wrong ones. Programs that
pass the same tests behave alike, as far as can be seen, and form a cluster.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Literal, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

Bools: TypeAlias = NDArray[np.bool_]
Floats: TypeAlias = NDArray[np.float64]
Ints: TypeAlias = NDArray[np.int64]
RuleName = Literal["random", "max_tests", "cluster", "codet", "mutual", "examples", "agreement"]
"""`random`: any; `max_tests`: most tests passed; `cluster`: the largest cluster; `codet`: dual
agreement (Chen et al. 2022); `mutual`: the same, its tests weighed by who passes them; `examples`:
the share of the prompt's examples; `agreement`: these first, then `mutual`."""
ROUNDS = 100
SETTLED = 1e-12


class Ballot(NamedTuple):
    """Distinct programs and tests of one task, and how often a model gave each."""

    passed: Bools
    """(programs, tests)"""
    drawn: Floats
    """(programs,) draws that gave it, at least one."""
    written: Floats
    """(tests,) samples that gave it; 0: it was written by none that counts here."""
    shown: Bools
    """(programs, examples) of those that the prompt itself gives."""
    seen: Ints | None = None
    """(programs, inputs) of `fuzzing.py` that count: in a column equal numbers where programs gave the
    same, below zero where that is no value; None: none were tried. `cluster` parts programs that differ
    here; `agreement` takes of equals the one that gives what most others do."""

    @property
    def counted(self) -> Ballot:
        """With those tests alone that somebody wrote."""
        kept = self.written > 0
        return self._replace(passed=self.passed[:, kept], written=self.written[kept])


Rule = Callable[[Ballot], Floats]
"""A score per program, the higher the better; equal ones are chosen among by chance."""


def clusters(passed: Bools) -> Ints:
    """(programs,) the number of each program's cluster, from 0: those that pass the same tests."""
    if passed.shape[1] == 0:
        return np.zeros(len(passed), dtype=np.int64)
    numbers = np.unique(passed, axis=0, return_inverse=True)[1]
    return numbers.ravel().astype(np.int64)


def together(ballot: Ballot) -> Ints:
    """(programs,) the number of each program's cluster, split by what was seen of it besides."""
    numbers = clusters(ballot.passed)
    if ballot.seen is None:
        return numbers
    rows = np.hstack([numbers[:, None], ballot.seen])
    found: Ints = np.unique(rows, axis=0, return_inverse=True)[1].ravel().astype(np.int64)
    return found


def sizes(ballot: Ballot) -> Floats:
    """(programs,) draws in each program's cluster."""
    return _draws(ballot, clusters(ballot.passed))


def _draws(ballot: Ballot, numbers: Ints) -> Floats:
    """(programs,) draws among all programs of the same number."""
    draws: Floats = np.bincount(numbers, weights=ballot.drawn).astype(np.float64)
    return draws[numbers]


def anyone(ballot: Ballot) -> Floats:
    """No preference."""
    return np.zeros(len(ballot.drawn))


def most_tests(ballot: Ballot) -> Floats:
    """How many different tests a program passes."""
    found: Floats = ballot.counted.passed.sum(axis=1).astype(np.float64)
    return found


def largest_cluster(ballot: Ballot) -> Floats:
    """How many draws behave as a program does."""
    return _draws(ballot, together(ballot.counted))


def dual_agreement(ballot: Ballot) -> Floats:
    """CodeT's score of a cluster: √draws · tests passed, with repeats (Chen et al. 2022, section 3)."""
    counted = ballot.counted
    found: Floats = np.sqrt(sizes(counted)) * (counted.passed @ counted.written)
    return found


def mutual_agreement(ballot: Ballot) -> Floats:
    """Dual agreement whose tests are weighed by who passes them, until neither side changes.

    A cluster's credence is √draws · Σ trust of the tests it passes, a test's trust its repeats
    times the credence that passes it: the principal eigenvector of agreement. One round without
    weights is CodeT's; a test that only programs pass that nothing else speaks for loses its say.
    """
    counted = ballot.counted
    numbers = clusters(counted.passed)
    draws = np.bincount(numbers, weights=counted.drawn)
    alike = np.zeros((len(draws), counted.passed.shape[1]))
    alike[numbers] = counted.passed
    credence = np.full(len(draws), 1.0 / len(draws))
    for _ in range(ROUNDS):
        before, trust = credence, counted.written * (credence @ alike)
        credence = np.sqrt(draws) * (alike @ trust)
        if not (total := credence.sum()):
            break
        credence = credence / total
        if np.abs(credence - before).max() < SETTLED:
            break
    found: Floats = credence[numbers]
    return found


def most_examples(ballot: Ballot) -> Floats:
    """How many of the prompt's own examples a program passes."""
    found: Floats = ballot.shown.sum(axis=1).astype(np.float64)
    return found


def values_shared(ballot: Ballot, voters: Bools) -> Floats:
    """(programs,) 0…1: the share of the voters' draws that give the value that a program gives, in the
    mean over inputs (MBR-exec with the soft loss, Shi et al. 2022). No value is shared with nobody.

    One wrong corner costs a program that corner's votes alone; of a cluster it would make it another.
    """
    if ballot.seen is None or not ballot.seen.shape[1]:
        return np.zeros(len(ballot.drawn))
    weights = np.where(voters, ballot.drawn, 0.0)
    same = (ballot.seen[:, None] == ballot.seen[None]) & (ballot.seen >= 0)[:, None]
    found: Floats = (same.mean(axis=2) @ weights) / weights.sum()
    return found


def trusted(ballot: Ballot) -> list[bool]:
    """By program, whether it passes as many of the examples as any does."""
    passed = most_examples(ballot)
    return [bool(one) for one in passed >= passed.max(initial=0.0)]


def trusted_agreement(ballot: Ballot) -> Floats:
    """The prompt's examples that are passed; of equals the mutual agreement; of equals again the values
    that most of them give for inputs of our own, where they were tried.

    Examples are the task's own words, so no agreement outvotes them. A test that everybody passes,
    or nobody, adds the same to all and decides nothing.
    """
    agreed = mutual_agreement(ballot)
    highest = agreed.max()
    below_one = agreed / (2 * highest) if highest else agreed
    found: Floats = most_examples(ballot) + below_one
    leading = best(found)
    return np.where(leading, found + values_shared(ballot, leading), found)


RULES: Mapping[RuleName, Rule] = {
    "random": anyone,
    "max_tests": most_tests,
    "cluster": largest_cluster,
    "codet": dual_agreement,
    "mutual": mutual_agreement,
    "examples": most_examples,
    "agreement": trusted_agreement,
}


def best(scores: Floats) -> Bools:
    """(programs,) who has the highest score, as far as floats can tell them apart."""
    found: Bools = scores >= scores.max() - 1e-9 * max(1.0, abs(float(scores.max())))
    return found
