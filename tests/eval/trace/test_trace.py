from __future__ import annotations

from html.parser import HTMLParser
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from tts.errors import LedgerError, TTSError, UnknownName
from tts.eval.trace import Trace, read_trace, render_trace, render_trace_page, run_lines
from tts.eval.trace.figures import call_figure, tree_figure
from tts.values import NOTHING


@pytest.fixture
def trace(recorded: str) -> Trace:
    return read_trace(recorded, run_lines(recorded)[0][0].run_id)


def shown(trace: Trace, *, all_nodes: bool = False) -> str:
    console = Console(file=StringIO(), width=200)
    console.print(render_trace(trace, all_nodes=all_nodes))
    assert isinstance(console.file, StringIO)
    return console.file.getvalue()


def test_every_draw_is_a_node_under_what_it_continues(trace: Trace) -> None:
    assert [len(root.children) for root in trace.roots] == [4, 0, 0, 0]
    assert len(list(trace.nodes())) == 8


def test_nodes_say_what_came_of_them(trace: Trace) -> None:
    fates = [root.fate for root in trace.roots]
    assert fates == ["continued", "pruned", "repeated", "pruned"]
    assert sorted(child.fate for child in trace.roots[0].children) == [
        "chosen",
        "finished",
        "finished",
        "finished",
    ]


def test_scores_and_step_scores_stand_beside_the_texts(trace: Trace) -> None:
    good, bad, again, _ = trace.roots
    assert (good.value, good.steps, bad.value, again.value) == (0.9, (0.9,), 0.2, None)


def test_the_path_to_the_answer_is_marked(trace: Trace) -> None:
    on_path = [node for node in trace.nodes() if node.on_path]
    assert [node.fate for node in on_path] == ["continued", "chosen"]
    assert on_path[-1].answer == trace.run.answer == "42"


def test_costs_of_nodes_sum_to_that_of_the_run(trace: Trace) -> None:
    total = sum((root.below for root in trace.roots), NOTHING)
    assert total == trace.usage
    assert trace.run.usage is not None
    assert total.tokens == trace.run.usage.tokens


def test_a_repeated_draw_cost_no_scoring(trace: Trace) -> None:
    assert [root.scored.calls for root in trace.roots] == [1, 1, 0, 1]


def test_the_terminal_counts_what_was_pruned_and_shows_it_when_asked(trace: Trace) -> None:
    short, long = shown(trace), shown(trace, all_nodes=True)
    assert "3 pruned, best score 0.20" in short
    assert "bad" in long and "bad" not in short
    assert "★ 0.80" in short


def test_hostile_text_changes_neither_terminal_nor_page(trace: Trace) -> None:
    page = render_trace_page(trace, strategy="beam", budget="none")
    assert "\x1b[31m" not in shown(trace, all_nodes=True)
    assert page.count("<script") == 1, "its own"
    assert "\u202e" not in page
    assert "49" not in page.partition("odd")[2][:80]


def test_the_page_is_whole_and_loads_nothing(trace: Trace) -> None:
    page = render_trace_page(trace, strategy="beam", budget="none")
    tags: list[tuple[str, dict[str, str | None]]] = []
    parser = HTMLParser()
    parser.handle_starttag = lambda tag, attrs: tags.append((tag, dict(attrs)))  # type: ignore[method-assign]
    parser.feed(page)
    assert not {"link", "img", "iframe"} & {tag for tag, _ in tags}
    assert not any({"src", "style"} & attributes.keys() for _, attributes in tags)
    links = [attributes["href"] for _, attributes in tags if "href" in attributes]
    assert all(link and link.startswith("#prompt-") for link in links)
    assert "default-src &#39;none&#39;" in page or "default-src 'none'" in page


def test_the_page_shows_what_was_asked_and_how_the_answers_voted(trace: Trace) -> None:
    assert [prompt.rpartition("user: ")[2] for prompt in trace.prompts] == ["?"]
    assert trace.judged is not None and trace.judged.grade.reason == "no_reference"
    told = {one.answer: (one.votes, one.best) for one in trace.judged.tally}
    assert told == {"13": (2, 0.1), "42": (2, 0.8)}
    page = render_trace_page(trace, strategy="beam", budget="none")
    assert "not graded: there is no reference" in page and ">Votes<" in page


def test_every_draw_says_why_it_ended(trace: Trace) -> None:
    said = {node.text.split()[0]: node.why for node in trace.roots}
    assert said["bad"] == "It scored 0.20; 1 of 4 of its round went on, the lowest of them at 0.90."
    assert any("said the same" in node.why for node in trace.nodes())
    assert all(node.why for node in trace.nodes())


def test_calls_are_drawn_over_time_with_what_they_waited_for(trace: Trace) -> None:
    assert {one.role for one in trace.calls} == {"sample", "verify"}
    sent = [one for one in trace.calls if one.start is not None]
    assert min(one.start or 0.0 for one in sent) == 0.0
    assert any(one.inputs for one in sent)
    drawn = call_figure(trace.calls)
    assert drawn.count("<svg") == 2 and "arrow" in drawn
    assert tree_figure(trace).count("<circle") == 2 * sum(
        one.value is not None for one in trace.nodes()
    )


def test_an_open_run_is_shown_as_far_as_it_got(recorded: str, tmp_path: Path) -> None:
    import sqlite3

    with sqlite3.connect(recorded) as ledger:
        ledger.execute("UPDATE runs SET result = NULL, stopped_by = NULL")
    ledger.close()
    found = read_trace(recorded, "")
    assert found.run.stopped_by is None
    assert len(list(found.nodes())) == 8


def test_a_run_that_is_not_there_lists_those_that_are(recorded: str) -> None:
    with pytest.raises(UnknownName, match="There is no run"):
        read_trace(recorded, "zz")


def test_a_ledger_that_is_not_there_is_an_error_of_ours(tmp_path: Path) -> None:
    with pytest.raises((LedgerError, TTSError)):
        run_lines(tmp_path / "none.db")
