"""`tts swe`: patches graded, chosen, exported; what can be graded here; signs of cheating."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from msgspec import to_builtins
from rich.table import Table

from tts.cli.exits import INFRASTRUCTURE, run
from tts.cli.figures import gap
from tts.cli.screen import Screen, json_text, one_line, warn
from tts.engine import Engine, parse_ceilings, parse_strategy
from tts.errors import BadInput, UsageError
from tts.eval.recipe import ModelKeys, checked
from tts.eval.statistics import Estimate, paired_difference, verdict, wilson
from tts.eval.swe.checkout import base_files, export, history
from tts.eval.swe.ensemble import chosen_by_model
from tts.eval.swe.grade import GradedPrediction, Grading, Verdicts
from tts.eval.swe.instance import Instance, read_instances, write_rows, write_tasks
from tts.eval.swe.names import SWE_MINI
from tts.eval.swe.predictions import Prediction, read_predictions, write_predictions
from tts.eval.swe.reports import (
    Figures,
    compared,
    figures,
    read_run_reports,
    write_logs,
    write_run_report,
)
from tts.eval.swe.runnable import runnable, standstills
from tts.eval.swe.script import write_script
from tts.eval.swe.select import Recovered, chosen, recovered
from tts.eval.swe.shipped import shipped_instances
from tts.eval.swe.systems import write_systems
from tts.eval.swe.trajectories import signs_of_trajectory
from tts.eval.swe.trajectory_files import read_trajectories
from tts.verifiers.repository import RepositoryGrader, pytest_folders
from tts.verifiers.sandbox import LADDER, LEAST, Sandbox
from tts.verifiers.sandbox.execution import rung

FORMS = ("repositories", "rows", "tasks", "candidates", "systems", "script")


@dataclass(frozen=True)
class Asked:
    """What every command is given."""

    problems: str
    repos: Path | None = None
    only: tuple[str, ...] = ()
    least: str = ""
    workers: int = 0

    def instances(self) -> tuple[Instance, ...]:
        """The instances asked for; raises `BadInput` for an id that is none."""
        found = shipped_instances() if self.problems == SWE_MINI else read_instances(self.problems)
        known = {one.instance_id for one in found}
        if unknown := [id for id in self.only if id not in known]:
            raise BadInput(f"{self.problems} has no instance {unknown[0]!r}.")
        return tuple(one for one in found if not self.only or one.instance_id in self.only)

    def grader(self) -> RepositoryGrader:
        """Opened at the strongest level; raises `IsolationTooLow` below what is demanded."""
        least = LADDER[rung(self.least or LEAST)]
        if rung(least) < rung(LEAST):
            raise UsageError(
                f"Patches are not tested below {LEAST}: nothing would hold them there."
            )
        packages = pytest_folders()
        box = Sandbox(least=least, workers=self.workers or None, readable=packages)
        return RepositoryGrader(box, packages=packages)


def run_grade(
    asked: Asked, sources: Sequence[str], out: Path, run_id: str, *, as_json: bool
) -> None:
    """Grade every file of predictions; exits with 5 where the machine failed for some of them."""
    instances = asked.instances()
    ids = [one.instance_id for one in instances]
    wanted = [last_of_each(read_predictions(source, instances), source, ids) for source in sources]
    run_named(run_id)
    graded = run(_graded(asked, instances, wanted, out))
    found = []
    for one in graded:
        write_logs(out, run_id, one)
        write_run_report(out, run_id, one, ids)
        found.append(figures(one[0].prediction.model if one else "none", one, ids))
    if as_json:
        sys.stdout.write(json_text({"models": to_builtins(found), "out": str(out)}) + "\n")
    else:
        show_graded(graded, found, out)
    if any(one.verdict.standing == "infrastructure" for each in graded for one in each):
        sys.exit(INFRASTRUCTURE)


def run_named(run_id: str) -> None:
    """Raises `UsageError` for a name that is no folder's."""
    if not run_id or "/" in run_id or run_id in (".", "..") or "\0" in run_id:
        raise UsageError(f"--run-id {run_id!r}: a name without slashes is needed.")


def last_of_each(found: list[Prediction], source: str, ids: Sequence[str]) -> list[Prediction]:
    """The predictions on the instances asked for; of one id the last counts, which is said."""
    last = {one.instance_id: one for one in found}
    if len(last) < len(found):
        told = f"{len(found) - len(last)} predictions stand for an id that has a later one"
        warn(f"{source}: {told}; the last counts. `tts swe select` chooses among several.")
    strange = sorted(set(last) - set(ids))
    if len(strange) == len(last):
        raise BadInput(f"{source}: no prediction is for an instance of the set, {strange[0]!r} …")
    if strange:
        warn(f"{source}: {len(strange)} predictions are for other instances and are left out.")
    return [one for one in last.values() if one.instance_id in ids]


async def _graded(
    asked: Asked,
    instances: Sequence[Instance],
    wanted: Sequence[Sequence[Prediction]],
    out: Path,
) -> list[list[GradedPrediction]]:
    grader = asked.grader()
    verdicts = Verdicts(out / "verdicts.jsonl")
    grading = Grading(instances, grader, verdicts=verdicts, repos=asked.repos)
    try:
        return [await grading.all(predictions, _tell) for predictions in wanted]
    finally:
        await grader.close()


def _tell(one: GradedPrediction) -> None:
    """A line on what is not simply right or wrong."""
    if one.verdict.standing in ("error", "infrastructure", "ambiguous"):
        warn(f"{one.prediction.instance_id}: {one.verdict.standing}: {one.verdict.reason}")


def show_graded(
    graded: Sequence[Sequence[GradedPrediction]], found: Sequence[Figures], out: Path
) -> None:
    """Each verdict, each model's figures, and the models beside the first."""
    screen = Screen(soft_wrap=True)
    rows = Table.grid(padding=(0, 2))
    for one in (one for each in graded for one in each):
        signs = dict.fromkeys(sign.cheat for sign in one.signs)
        told = (one.verdict.reason, "forged" if one.verdict.forged else "", ", ".join(signs))
        reason = one_line("; ".join(filter(None, told)), 160)
        rows.add_row(one_line(one.prediction.instance_id), one.verdict.standing, reason)
    screen.print(rows)
    for summary in found:
        screen.print(*_lines(summary), sep="\n")
    for each, summary in zip(graded[1:], found[1:], strict=True):
        difference = compared(each, graded[0])
        if difference is not None:
            screen.print(f"{summary.model} against {found[0].model}: {verdict(difference)}")
    screen.print(f"Reports: {out}")


def _lines(one: Figures) -> list[str]:
    counts = ", ".join(f"{count} {word}" for word, count in one.standings.items())
    dollars = "unknown" if one.dollars is None else f"${one.dollars:.4f}"
    tokens = "unknown" if one.tokens is None else f"{one.tokens:,.0f} tokens"
    first = (
        f"{one.model}: resolved {share_told(one.resolved)} of {one.instances} instances "
        f"({counts}; {one.submitted} submitted)"
    )
    second = (
        f"  cost of an instance: {dollars}, {tokens}; signs of cheating in {share_told(one.flagged)} "
        f"of the patches, {one.forged} forged; isolation {one.isolation}"
    )
    return [first, second]


def share_told(value: Estimate) -> str:
    return f"{value.value:.3f} [{value.low:.3f}, {value.high:.3f}]"


@dataclass(frozen=True)
class Judge:
    """A model that chooses, where one is asked for."""

    options: dict[str, Any]
    strategy: str
    budget: str
    ledger: str | None

    async def chosen(
        self, instances: Sequence[Instance], by_id: dict[str, list[Prediction]]
    ) -> list[Prediction]:
        keys = checked(ModelKeys, self.options, where="Options", flags=self.options)
        given = {name: getattr(keys, name) for name in keys.model_fields_set}
        ceiling = parse_ceilings(self.budget)
        parse_strategy(self.strategy)
        async with Engine(**given, ledger=self.ledger, job="swe-select") as engine:
            return await chosen_by_model(
                instances, by_id, engine, strategy=self.strategy, budget=ceiling
            )


def run_select(
    asked: Asked,
    sources: Sequence[str],
    out: Path,
    *,
    judge: Judge | None,
    judged: bool,
    as_json: bool,
) -> None:
    """Choose for each instance that has candidates, and write the choices."""
    instances = asked.instances()
    known = {one.instance_id: one for one in instances}
    candidates = [one for source in sources for one in read_predictions(source, instances)]
    by_id: dict[str, list[Prediction]] = {}
    for one in candidates:
        if one.instance_id in known:
            by_id.setdefault(one.instance_id, []).append(one)
    if not by_id:
        raise BadInput("No candidate is for an instance of the set.")
    wanted = [known[id] for id in by_id]
    picked, worth = run(_selected(asked, wanted, by_id, judge, judged))
    write_predictions(out, picked)
    alone = [one for one in picked if one.told.get("votes") == 1]
    if alone:
        warn(
            f"For {len(alone)} of {len(picked)} instances no other candidate makes the same program, so "
            "the choice rests on little; --model has it made by tests."
        )
    if as_json:
        told = {"out": str(out), "chosen": len(picked), "worth": to_builtins(worth)}
        sys.stdout.write(json_text(told) + "\n")
        return
    screen = Screen()
    screen.print(f"{len(picked)} patches chosen of {len(candidates)} candidates: {out}")
    if worth is not None:
        share = "no gap" if worth.recovered is None else f"{worth.recovered:.2f}"
        for name in ("random", "chosen", "oracle"):
            screen.print(f"  {name:9} {share_told(getattr(worth, name))}")
        screen.print(f"  recovered {share}  ({worth.instances} instances)")
        if (member := worth.member) is not None:
            screen.print(f"  {'best':9} {share_told(member.resolved)}  ({member.model} alone)")
            above = f"{gap(member.above.estimate)} points"
            screen.print(f"  chosen above it: {above}. {verdict(member.above)}")


async def _selected(
    asked: Asked,
    instances: Sequence[Instance],
    by_id: dict[str, list[Prediction]],
    judge: Judge | None,
    judged: bool,
) -> tuple[list[Prediction], Recovered | None]:
    grader = asked.grader()
    try:
        if judge is not None:
            picked = await judge.chosen(instances, by_id)
        else:
            found = [
                await chosen(one, by_id[one.instance_id], grader, asked.repos) for one in instances
            ]
            picked = [one for one in found if one is not None]
        if not judged:
            return picked, None
        grading = Grading(instances, grader, verdicts=Verdicts(None), repos=asked.repos)
        whole = [one for each in by_id.values() for one in each]
        graded = await grading.all(whole, lambda one: None)
        return picked, recovered(graded, await grading.all(picked, lambda one: None))
    finally:
        await grader.close()


def run_export(asked: Asked, out: Path, form: str) -> None:
    """Write repositories, rows, tasks or the recorded candidates."""
    instances = asked.instances()
    if form not in FORMS:
        raise UsageError(f"--form {form!r}: one of {', '.join(FORMS)} is needed.")
    screen = Screen()
    if form == "rows":
        write_rows(out, instances)
    elif form == "tasks":
        write_tasks(out, instances)
    elif form == "script":
        write_script(out, instances)
    elif form == "systems":
        screen.print(f"{write_systems(out, instances)} systems")
    elif form == "candidates":
        write_predictions(out, recorded_predictions(instances))
    else:
        for one in instances:
            folder = out / one.instance_id
            commit = export(base_files(one, asked.repos), folder)
            screen.print(f"{one.instance_id}: {commit[:12]} ({history(folder)})")
        return
    screen.print(f"{len(instances)} instances: {out}")


def recorded_predictions(instances: Sequence[Instance]) -> list[Prediction]:
    """The recorded patches of a set as predictions, several for an instance."""
    found = [
        Prediction(instance_id=one.instance_id, model=f"recorded/{each.name}", patch=each.patch)
        for one in instances
        for each in one.candidates
    ]
    if not found:
        raise BadInput("The set has no recorded patches.")
    return found


def run_report(
    asked: Asked, folder: Path | None, trajectories: Sequence[Path], *, as_json: bool
) -> None:
    """What a folder of gradings says; what agents did; else the table of what can be graded here."""
    if trajectories:
        show_trajectories(trajectories, as_json)
    elif folder is not None:
        show_reports(folder, as_json)
    else:
        show_runnable(asked, as_json)


def show_runnable(asked: Asked, as_json: bool) -> None:
    """What can be graded here and why not the others: by instance, then counted by repository."""
    rows = runnable(asked.instances(), asked.repos)
    if as_json:
        sys.stdout.write(json_text(to_builtins(rows)) + "\n")
        return
    each, stuck = Table.grid(padding=(0, 2)), Table.grid(padding=(0, 2))
    for one in rows:
        where = "here" if one.here else "not here"
        each.add_row(one_line(one.instance_id), where, one_line(one.reason))
    for many in standstills(rows):
        stuck.add_row(one_line(many.repo), str(many.instances), one_line(many.reason, 200))
    screen = Screen()
    screen.print(each, "", stuck)
    here = sum(one.here for one in rows)
    screen.print(f"{here} of {len(rows)} instances can be graded here.")
    if here < len(rows):
        screen.print("No score is given over a part that was not chosen for that.")


def show_trajectories(paths: Sequence[Path], as_json: bool) -> None:
    """The signs in each trajectory, and how many have any."""
    read = read_trajectories(paths)
    found = [(one.id, signs_of_trajectory(one)) for one in read]
    rate = wilson(sum(bool(signs) for _, signs in found), len(found))
    if as_json:
        told = {"rate": to_builtins(rate), "trajectories": to_builtins(found)}
        sys.stdout.write(json_text(told) + "\n")
        return
    table = Table.grid(padding=(0, 2))
    for id, signs in found:
        for sign in signs:
            table.add_row(one_line(id), sign.cheat, one_line(sign.seen, 100))
    screen = Screen()
    screen.print(table)
    screen.print(f"Signs of cheating in {share_told(rate)} of {len(found)} trajectories.")


def show_reports(folder: Path, as_json: bool) -> None:
    """The run reports of a folder, and each model beside the first, paired by instance."""
    saved = read_run_reports(folder)
    if as_json:
        sys.stdout.write(json_text([to_builtins(one.figures) for one in saved]) + "\n")
        return
    screen = Screen(soft_wrap=True)
    for one in saved:
        screen.print(*_lines(one.figures), sep="\n")
    for one in saved[1:]:
        difference = paired_difference(one.shares, saved[0].shares, seed=0)
        if difference is not None:
            told = f"{one.figures.model} against {saved[0].figures.model}"
            screen.print(f"{told}: {verdict(difference)}")
