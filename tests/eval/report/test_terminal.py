"""The result table in a narrow terminal."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console, RenderableType

from tts.engine import STRATEGIES
from tts.eval.report import assemble
from tts.eval.report.columns import table_of
from tts.eval.report.terminal import Fitted, render_table, titles
from tts.values import Problem

ACCURACY = tuple(titles(table_of((), "terminal", ("accuracy",)).columns))
COST = tuple(titles(table_of((), "terminal", ("cost", "accounts")).columns))

HEADS = (*ACCURACY, *COST, "context/run", "retrievals/run", "past stop/run", "attributed $")
FIGURES = ("500", "100.0", "12.3–45.6", "−12.3", "−12.3 to +45.6", "< 0.001")
SPENT = ("12,345", "unknown", "12.34", "12,345,678", "12 done\n3 suspended")


def shown(table: RenderableType, width: int = 80) -> str:
    console = Console(width=width, force_terminal=False)
    with console.capture() as captured:
        console.print(table)
    return captured.get()


def row(strategy: str, budget: str, figures: tuple[str, ...]) -> tuple[str, ...]:
    return (strategy, budget, *figures)


@given(
    st.lists(st.sampled_from(STRATEGIES.names()), min_size=1, max_size=4),
    st.sampled_from(["", "(n=16)", "(n=16, temperature=0.8)"]),
    st.sampled_from(["4k tokens", "no ceiling", "10 calls, 30 seconds", "4k completion_tokens"]),
    st.sampled_from([(ACCURACY, FIGURES), (COST, SPENT)]),
)
def test_no_word_is_broken_at_eighty_columns(
    names: list[str], parameters: str, budget: str, kind: tuple[tuple[str, ...], tuple[str, ...]]
) -> None:
    rows = [row(name + parameters, budget, kind[1]) for name in names]
    text = shown(Fitted(kind[0], rows))
    assert max(map(len, text.splitlines())) <= 80
    words = text.replace("(", " (").split()
    for wanted in (*names, *budget.split(), *kind[0], *kind[1]):
        for word in wanted.split():
            assert word.strip(",") in {found.strip(",") for found in words}


def test_where_names_have_no_room_the_rows_are_numbered() -> None:
    text = shown(Fitted(ACCURACY, [row("weighted_best_of_n(n=16)", "4k tokens", FIGURES)]), 70)
    assert " 1  weighted_best_of_n(n=16), 4k tokens" in text


@given(st.integers(60, 80), st.lists(st.sampled_from(HEADS), min_size=1, max_size=12))
def test_figures_without_room_go_on_in_a_table_of_their_own(width: int, heads: list[str]) -> None:
    """No head and no figure is cut, however many there are."""
    figures = tuple(f"{place}.{place:06d}" for place in range(len(heads)))
    text = shown(Fitted(heads, [row("weighted_best_of_n(n=16)", "4k tokens", figures)]), width)
    assert max(map(len, text.splitlines())) <= width and "…" not in text
    words = text.split()
    for word in (*" ".join(heads).split(), *figures):
        assert word in words


def test_what_is_decided_has_no_column_in_which_nothing_is_known(attempt: Any) -> None:
    runs = [attempt(name, problem=n) for name in ("vote", "beam") for n in range(8)]
    asked = [Problem(id=f"p{n}", prompt="q", answer="1") for n in range(8)]
    report = assemble(runs, asked, title="t", seed=0, baseline="vote")
    text = shown(render_table(report))
    assert "equal on every problem" in text and "decide it cannot be told" in text
    assert "they can show" not in text


def test_a_table_without_runs_is_its_head() -> None:
    assert "strategy" in shown(Fitted(COST, []))
