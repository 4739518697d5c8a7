"""One patch of several for each instance, without a model and without the hidden tests.

Patches that make equal programs are one (comments, blanks and names of quotes apart). Those that
break what the repository's own tests keep go behind those that do not, and those with signs of
cheating behind the others; then the more often a program was proposed the better, then the shorter
patch. Agentless (Xia et al. 2024) chooses so, too, but for the signs.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from msgspec import Struct

from tts.errors import BadInput
from tts.eval.statistics import (
    Estimate,
    PairedDifference,
    bootstrap_mean,
    paired_difference,
    wilson,
)
from tts.eval.swe.cheats import signs_of_patch
from tts.eval.swe.checkout import base_files
from tts.eval.swe.grade import GradedPrediction
from tts.eval.swe.instance import Instance
from tts.eval.swe.predictions import Prediction
from tts.repository import PatchRefused, Tree, applied
from tts.verifiers.repository import RepositoryGrader, RepositoryReference, Suite
from tts.verifiers.repository.reference import judged_tree

RULE = "regression, signs, agreement, length"


class Standpoint(Struct, frozen=True, kw_only=True):
    """A candidate and what the choice rests on."""

    prediction: Prediction
    kept: float
    """Share of the tests that pass at the base and pass with it; 0 where it does not apply."""
    votes: int
    """How many candidates make the same program, itself included."""

    suspect: bool
    """It shows signs of cheating."""

    @property
    def rank(self) -> tuple[float, bool, int, int]:
        return (-self.kept, self.suspect, -self.votes, len(self.prediction.patch or ""))


async def chosen(
    instance: Instance,
    candidates: Sequence[Prediction],
    grader: RepositoryGrader,
    repos: Path | None = None,
) -> Prediction | None:
    """The best candidate by the rule, with what it rests on; None where none has a patch."""
    standing = await standpoints(instance, candidates, grader, repos)
    if not standing:
        return None
    best = min(standing, key=lambda one: one.rank)
    told = {
        "selector": RULE,
        "n_samples": len(candidates),
        "source": best.prediction.model,
        "votes": best.votes,
        "kept": best.kept,
        "cost": _cost(candidates),
    }
    return Prediction(
        instance_id=instance.instance_id,
        model="tts-select",
        patch=best.prediction.patch,
        told={name: value for name, value in told.items() if value is not None},
    )


def _cost(candidates: Sequence[Prediction]) -> dict[str, float] | None:
    """All candidates have to be paid for, the chosen one and the others; unknown where one is."""
    found = {}
    for what in ("dollars", "tokens"):
        told = [one.cost.get(what) for one in candidates]
        known = [float(value) for value in told if isinstance(value, int | float)]
        if known and len(known) == len(told):
            found[what] = sum(known)
    return found or None


async def standpoints(
    instance: Instance,
    candidates: Sequence[Prediction],
    grader: RepositoryGrader,
    repos: Path | None,
) -> list[Standpoint]:
    """Where each candidate with a patch stands."""
    files = base_files(instance, repos)
    shown = instance.reference(files)
    own = RepositoryReference(
        files=files, test_patch="", fail_to_pass=(), pass_to_pass=(), roots=instance.roots
    )
    tests = tuple(sorted(path for path in shown.base.files if _holds_tests(path)))
    base = await _tried(grader, own, tests, "")
    passing = {id for id, word in base.items() if word == "passed"}
    programs = {one.digest: program(files, one.patch or "") for one in candidates}
    counts = Counter(programs[one.digest] for one in candidates)
    found = []
    kept: dict[str, float] = {}
    for one in candidates:
        same = programs[one.digest]
        if not (one.patch or "").strip():
            continue
        if same is not None and same not in kept:
            words = await _tried(grader, own, tests, one.patch or "")
            kept[same] = _share(passing, words)
        standing = kept.get(same, 0.0) if same is not None else -1.0
        suspect = bool(signs_of_patch(one.patch or "", instance, files, hidden=False))
        found.append(Standpoint(prediction=one, kept=standing, votes=counts[same], suspect=suspect))
    return found


def _holds_tests(path: str) -> bool:
    name = path.rpartition("/")[2]
    return name.endswith(".py") and (name.startswith("test_") or name.endswith("_test.py"))


async def _tried(
    grader: RepositoryGrader, own: RepositoryReference, tests: tuple[str, ...], patch: str
) -> Mapping[str, str]:
    try:
        tree, _ = judged_tree(own, patch)
    except PatchRefused:
        return {}
    suite: Suite = await grader.suite(tree.files, tests, own.roots)
    return suite.tests if suite.came == "results" else {}


def _share(passing: set[str], words: Mapping[str, str]) -> float:
    kept = sum(words.get(id) == "passed" for id in passing)
    return kept / len(passing) if passing else 1.0


def program(files: Mapping[str, str], patch: str) -> str | None:
    """What a patch makes of a repository's programs, the same for patches that differ in form alone;
    None where it does not apply."""
    base = Tree(dict(files))
    try:
        after = applied(base, patch)
    except PatchRefused:
        return None
    changes = base.changes(after)
    return repr({path: _normal(path, text) for path, text in changes.items()})


def _normal(path: str, text: str | None) -> str | None:
    if text is None or not path.endswith(".py"):
        return text
    try:
        return ast.dump(ast.parse(text))
    except (SyntaxError, ValueError):
        return text


class Recovered(Struct, frozen=True, kw_only=True):
    """What a choice among candidates is worth: shares of instances, 95 % intervals over instances."""

    instances: int
    random: Estimate
    """A candidate taken at random."""
    chosen: Estimate
    oracle: Estimate
    """Any candidate resolves it."""
    recovered: float | None
    """Share of the way from random to the oracle; None where there is none."""
    member: Member | None = None
    """Of candidates by several systems: the best of them. None where one system has several patches
    for an instance, or there is one alone."""


class Member(Struct, frozen=True, kw_only=True):
    """The system that alone resolves most, picked with its verdicts in sight, and what a choice among
    all systems has above it, paired by instance."""

    model: str
    resolved: Estimate
    above: PairedDifference


def recovered(
    graded: Sequence[GradedPrediction], picked: Sequence[GradedPrediction], seed: int = 0
) -> Recovered:
    """The four lines of a selection report; raises `BadInput` where nothing was graded."""
    by_id: dict[str, list[bool]] = {}
    for one in graded:
        by_id.setdefault(one.prediction.instance_id, []).append(one.verdict.resolved)
    right = {one.prediction.instance_id: one.verdict.resolved for one in picked}
    if not by_id:
        raise BadInput(
            "No candidate could be graded, so there is nothing to compare a choice with."
        )
    ids = sorted(by_id)
    means = [sum(by_id[id]) / len(by_id[id]) for id in ids]
    found = [
        bootstrap_mean(values, seed=seed)
        for values in (
            means,
            [float(right.get(id, False)) for id in ids],
            [float(any(by_id[id])) for id in ids],
        )
    ]
    gap = found[2].value - found[0].value
    return Recovered(
        instances=len(ids),
        random=found[0],
        chosen=found[1],
        oracle=found[2],
        recovered=(found[1].value - found[0].value) / gap if gap > 0 else None,
        member=_best_member(graded, {id: float(right.get(id, False)) for id in ids}, seed),
    )


def _best_member(
    graded: Sequence[GradedPrediction], chosen: Mapping[str, float], seed: int
) -> Member | None:
    """An instance that a system has no patch for is one that it does not resolve."""
    shares: dict[str, dict[str, float]] = {}
    for one in graded:
        own = shares.setdefault(one.prediction.model, {})
        if one.prediction.instance_id in own:
            return None
        own[one.prediction.instance_id] = float(one.verdict.resolved)
    if len(shares) < 2:
        return None
    best = max(shares, key=lambda model: sum(shares[model].values()))
    own = {id: shares[best].get(id, 0.0) for id in chosen}
    above = paired_difference(chosen, own, seed=seed)
    assert above is not None
    return Member(
        model=best,
        resolved=wilson(round(sum(own.values())), len(own)),
        above=above,
    )
