"""`tts tune`, `tts doctor`: vLLM's arguments by measured throughput, the idealised runtime, and what would serve a model."""

from __future__ import annotations

from hashlib import blake2b
from pathlib import Path
from typing import Any

import msgspec
import typer
from rich.table import Table
from rich.text import Text

from tts.backends.vllm import require_vllm
from tts.backends.vllm.kernels import findings, kernel_facts
from tts.budget.idealised_runtime import IdealisedRuntime, write_runtime
from tts.cli.exits import run
from tts.cli.figures import ruled
from tts.cli.screen import Screen
from tts.engine import SessionOptions
from tts.engine.model_spec import ModelSpec
from tts.engine.open_retriever import open_retrieval
from tts.engine.open_vllm import OPTIONS, settings
from tts.engine.session import Closable, open_model, open_verifier
from tts.errors import UsageError
from tts.eval.bench.measuring import machine
from tts.eval.idealised import fit_name
from tts.eval.tune import (
    UNITS,
    Measured,
    Point,
    ProcessRunner,
    Space,
    TrialRunner,
    Tried,
    WorkloadName,
    fitted,
    landscape_page,
    profile_text,
    search,
    space_for,
    start_points,
)
from tts.eval.tune.energy import measured
from tts.eval.tune.fit import fitted_reading, fitted_retrieving, readings, timings
from tts.eval.tune.report import by_rate, clear_of, rates_of
from tts.eval.tune.trial import best_of

_SHOWN = 12
COMPUTED_HERE = frozenset({"embedded", "vllm"})
"""Backends whose energy this machine's counters count."""


def fit_runtime(model: str, options: dict[str, Any], out: Path) -> None:
    """Time single calls, fit T = T_prompt(p) + (o - 1) · t_token, and write it to `out`; where the
    model has a verifier that scores steps, also what its reading of a solution takes."""
    console = Screen()
    run(_fit(model, SessionOptions(model=model, **options), out, console))


async def _fit(model: str, options: SessionOptions, out: Path, console: Screen) -> None:
    retrieval = open_retrieval(options)
    generator = await open_model(model, options)
    judge = await open_verifier(options, generator)
    try:
        runtime = fitted(await timings(generator, **_counter(model)))
        reading = await _fit_reading(judge, str(options.verifier))
    finally:
        await generator.close()
        if isinstance(judge, Closable):
            await judge.close()
    write_runtime(out, generator.model.name, runtime)
    _tell(console, runtime)
    if retrieval is not None:
        fit = await fitted_retrieving(retrieval.retriever)
        write_runtime(out, fit_name(retrieval.retriever.identity), fit)
        console.print(f"seconds per retrieval: {fit.call_seconds:.3g}")
    for name, fit in reading.items():
        write_runtime(out, name, fit)
        for size, seconds in fit.prompt_seconds.items():
            console.print(f"{name}: seconds for a solution of {size} tokens: {seconds:.3g}")
    console.print(f"wrote {out}")


def _counter(name: str) -> dict[str, Any]:
    here = name.partition(":")[0] in COMPUTED_HERE
    return {"energy": measured} if here else {}


async def _fit_reading(judge: Any, name: str) -> dict[str, IdealisedRuntime]:
    """By the verifier's model; nothing where there is no verifier."""
    if judge is None:
        return {}
    scorer = getattr(judge, "scorer", None)
    if scorer is None:
        raise UsageError(
            f"Verifier {name!r} scores no steps: its time is that of its model's calls."
        )
    return {scorer.model.name: fitted_reading(await readings(scorer, **_counter(name)))}


def _tell(console: Screen, runtime: IdealisedRuntime) -> None:
    console.print(f"seconds per drawn token: {runtime.token_seconds:.3g}")
    for size, seconds in runtime.prompt_seconds.items():
        console.print(f"seconds for {size} prompt tokens: {seconds:.3g}")
    ratio = runtime.prompt_tokens_per_drawn_token
    console.print(f"one drawn token takes as long as {ratio:.0f} prompt tokens")
    drawn = runtime.token_joules
    console.print(f"joules per drawn token: {'unknown' if drawn is None else f'{drawn:.3g}'}")


def tune(
    model: str, workload: str, *, trials: int, study: Path, out: Path, problems: int, repeats: int
) -> None:
    """Search on this machine's vLLM; the same command goes on where it was."""
    if workload not in UNITS:
        raise UsageError(f"No workload {workload!r}; known are {', '.join(UNITS)}.")
    if not model.startswith("vllm:"):
        raise UsageError(f"Model {model!r}: engine arguments are vLLM's; write vllm:FOLDER.")
    require_vllm()
    from tts.backends.vllm.folder import on_cpu

    name: WorkloadName = next(one for one in UNITS if one == workload)
    space = space_for(cpu=on_cpu(), reads=workload == "prm")
    runner = ProcessRunner(model.removeprefix("vllm:"), name, problems=problems, repeats=repeats)
    run_search(runner, space, model, name, trials=trials, study=study, out=out, load=problems)


def run_search(
    runner: TrialRunner,
    space: Space,
    model: str,
    workload: WorkloadName,
    *,
    trials: int,
    study: Path,
    out: Path,
    load: int,
) -> None:
    """Search with any runner; writes profile and landscape, and shows the best trials.

    Raises UsageError where every trial failed.
    """
    console = Screen()
    place = machine().rpartition(", load")[0]
    start = start_points(space)
    told = f"{model} {workload} {load} {place} {sorted(space.items())}"
    study.parent.mkdir(parents=True, exist_ok=True)
    tried = search(
        runner,
        space,
        trials=trials,
        study=study,
        name=f"{workload}-{blake2b(told.encode(), digest_size=6).hexdigest()}",
        start=start,
        on_trial=lambda one: console.print(line(one)),
    )
    if not any(isinstance(one.outcome, Measured) for one in tried):
        raise UsageError(f"Every trial failed; the last one: {tried[-1].outcome}")
    console.print(table(tried, space, UNITS[workload]))
    best = best_of(tried)
    if best is not None and not clear_of(best[1], rates_of(tried, start)):
        console.print("not clearly faster than the shipped profiles: the repeats overlap")
    facts = {"model": model, "workload": workload, "machine": place, "unit": UNITS[workload]}
    _write(out, profile_text(tried, facts=facts, shipped=start), console)
    page = landscape_page(
        tried, space, heading=f"{model}, {workload}", unit=UNITS[workload], said=place
    )
    _write(out.with_suffix(".html"), page, console)


def line(one: Tried) -> str:
    """A finished trial in one line."""
    point = setting(one.point)
    if isinstance(one.outcome, Measured):
        return f"trial {one.number}: {one.outcome.rate:,.0f} with {point}"
    return f"trial {one.number} failed with {point}: {one.outcome.reason}"


def setting(point: Point) -> str:
    return " ".join(f"{name}={value}" for name, value in point.items())


def table(tried: tuple[Tried, ...], space: Space, unit: str) -> Table:
    """The fastest trials with their ranges, then how many failed."""
    failed = sum(not isinstance(one.outcome, Measured) for one in tried)
    found = ruled(f"{len(tried)} trials, {failed} failed", unit, "range of repeats", *space)
    for one in by_rate(tried)[:_SHOWN]:
        if isinstance(one.outcome, Measured):
            low, high = min(one.outcome.rates), max(one.outcome.rates)
            found.add_row(
                f"{one.outcome.rate:,.0f}",
                f"{low:,.0f}–{high:,.0f}",
                *(str(one.point[name]) for name in space),
            )
    return found


def _write(path: Path, text: str, console: Screen) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    console.print(f"wrote {path}")


def show_kernels(model: str, *, as_json: bool) -> None:
    """Resolve a model's arguments without loading it, and print what is on and what is off."""
    require_vllm()
    name = model.removeprefix("vllm:")
    spec = ModelSpec.parse(name, known=OPTIONS)
    facts = kernel_facts(settings(spec, SessionOptions(model=f"vllm:{name}")))
    found = findings(facts)
    if as_json:
        content = {"facts": facts, "findings": found}
        typer.echo(msgspec.json.encode(content).decode())
        return
    table = ruled(f"vLLM {facts.vllm}, {model}", "", "feature", "", "why")
    for one in found:
        table.add_row("on" if one.on else "off", one.name, Text(one.value), one.why)
    Screen().print(table)
