"""`tts allocate-rag`: the documents, demonstrations and iterations that a cap per question buys."""

from __future__ import annotations

from pathlib import Path

from rich.text import Text

from tts.cli.allocate import amount_of
from tts.cli.exits import run
from tts.cli.figures import percent_of
from tts.cli.screen import Screen, json_text, write_out
from tts.errors import UsageError
from tts.eval.allocate.rag_law import Advice, advise
from tts.eval.allocate.rag_sources import measured_settings


def show_advice(path: Path, *, budget: str, dataset: str, as_json: bool, job: str = "") -> None:
    """Fit the laws to the table, and say what to run."""
    tokens, unit = amount_of(budget)
    if unit != "tokens":
        raise UsageError(f"--budget: tokens a question, as '128k', not {budget!r}.")
    settings = run(measured_settings(path, job))
    names = sorted({one.dataset for one in settings})
    if not dataset and len(names) > 1:
        raise UsageError(f"--dataset: one of {', '.join(names)}.")
    found = advise(settings, tokens, dataset or "".join(names))
    if as_json:
        write_out(json_text(found))
    else:
        _show(found)


def _show(found: Advice) -> None:
    console, one = Screen(), found.setting
    dollars = "" if one.dollars is None else f", ${one.dollars:.3g}"
    low, value, high = map(percent_of, (found.low, found.predicted, found.high))
    errors = ", ".join(f"{name} {100 * error:.1f}" for name, error in found.errors.items())
    n = f", n={one.n}" if one.strategy == "iterdrag" else ""
    m = "" if one.strategy == "rag" else f", m={one.m}"
    console.print(Text(f"{one.strategy}(k={one.k}{m}{n})"))
    console.print(Text(f" predicted {value} [{low}, {high}] by the law '{found.law}'"))
    console.print(Text(f" price {one.tokens:,.0f} tokens a question{dollars}"))
    console.print(Text(f" points missed by on settings held out: {errors}"))
