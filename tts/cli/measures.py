"""What recorded draws and labelled steps say of models and verifiers, for the terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from rich.table import Table

from tts.cli.figures import gap, ruled
from tts.cli.screen import Screen, json_text, write_out
from tts.eval.replay.measures import Interrupted, Measures, Oracles
from tts.eval.replay.step_files import StepFigures, step_figures
from tts.eval.replay.turning import Turning
from tts.values.visible import visible

FAR = 1.0
"""The multiple of a deviation that the terminal shows of anti-concentration."""


def measures_table(found: Measures, title: str) -> Table:
    """A line per figure."""
    table = ruled(title, "figure")
    table.add_column("value", justify="right")
    table.add_column("what it says", ratio=1)
    for name, value, told in _lines(found):
        table.add_row(name, value, told)
    return table


def _lines(found: Measures) -> Iterator[tuple[str, str, str]]:
    if (fit := found.coverage) is not None:
        shape = f"Beta({fit.alpha:.3g}, {fit.beta:.3g})"
        yield (
            "chances",
            shape,
            f"pass@100 {fit.pass_at_k(100):.3f}, pass@1000 {fit.pass_at_k(1000):.3f}",
        )
    if (room := found.headroom) is not None:
        far = room.anti_concentration.get(FAR, 0.0)
        yield "heterogeneity", f"{room.heterogeneity:.3f}", "deviation of draws inside a problem"
        yield "anti-concentration", f"{far:.3f}", "chance of a draw a deviation above the mean"
        yield "mixed", f"{room.mixed:.3f}", "problems with right and wrong draws"
    if (sure := found.overconfidence) is not None:
        yield "confidence", f"{sure.confidence:.3f}", f"{sure.gap:+.3f} above what is right"
        yield "pass@N bound", f"{sure.ceiling:.3f}", "what sureness about wrong answers leaves"
    if (scores := found.verified) is not None:
        yield "verifier AUC", _number(scores.auc), "over all draws"
        yield "within problems", _number(scores.within), "where selection happens"
        yield (
            "calibration",
            f"{scores.calibration.ece:.3f}",
            f"ECE; Brier {scores.calibration.brier:.3f}",
        )
    for one in found.interrupted:
        yield f"regret, {one.selection}", f"{one.regret:.3f}", _stopped(one)


def _stopped(one: Interrupted) -> str:
    """Accuracy at a few budgets."""
    chosen = [one.curve[at] for at in (1, 3, 6, len(one.curve) - 1)]
    return ", ".join(f"{100 * at.accuracy:.1f} at {at.budget:,.0f}" for at in chosen) + " tokens"


def stops_at(found: Turning, title: str) -> str:
    """From how many draws on best of k gains nothing, or loses."""
    told = f"{title}\n best of k stops at N={found.n} (95 %: {found.low} to {found.high})"
    if found.n == found.most:
        return f"{told}: all that every problem has, none too many"
    more = f"{gap(found.gain)} to all {found.most}, N chosen on other problems"
    return f"{told}: {more}{': more draws are worse' if found.turns else ''}"


def hindsight(found: Oracles) -> str:
    """The best setting beside the best of each problem."""
    gaps = [("models", found.models), *found.efforts.items()]
    lines = [
        f"{visible(name, 40)}: best {visible(gap.best, 40)} {100 * gap.fixed:.1f},"
        f" in hindsight {100 * gap.oracle:.1f}"
        for name, gap in gaps
    ]
    return "one draw, the best setting and the best of each problem\n " + "\n ".join(lines)


def show_steps(paths: Sequence[Path], *, as_json: bool) -> None:
    """The figures of the verifiers of files of labelled solutions."""
    found = {str(path): step_figures(path) for path in paths}
    if as_json:
        write_out(json_text(found))
        return
    for path, figures in found.items():
        Screen().print(steps_table(path, figures))


def steps_table(path: str, figures: Sequence[StepFigures]) -> Table:
    """A row per verifier."""
    table = ruled(visible(path, 76), "verifier")
    for name in ("solutions", "wrong", "left out", "step AUC", "F1", "at"):
        table.add_column(name, justify="right")
    for one in figures:
        best = one.first_error
        table.add_row(
            visible(one.verifier, 40),
            *map(str, (one.solutions, one.wrong, one.left_out)),
            _number(one.auc),
            _number(best.f1 if best else None),
            _number(best.threshold if best else None),
        )
    return table


def _number(value: float | None) -> str:
    return "?" if value is None else f"{value:.3f}"
