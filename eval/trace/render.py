"""A trace as a tree in the terminal, and as one self-contained page."""

from __future__ import annotations

from msgspec import Struct
from rich.console import Group, RenderableType
from rich.text import Text
from rich.tree import Tree

from tts.eval.attempts import GradeReason
from tts.eval.report import wording
from tts.eval.trace.figures import call_figure, tree_figure
from tts.eval.trace.trace import Fate, Trace, TraceNode
from tts.pages import render_template
from tts.pages.timeline import MOST_BARS
from tts.values.visible import visible

MARKS: dict[Fate, tuple[str, str]] = {
    "chosen": ("★", "bold green"),
    "finished": ("●", "cyan"),
    "continued": ("○", ""),
    "cut": ("✂", "yellow"),
    "repeated": ("=", "dim"),
    "pruned": ("×", "dim"),
}
WIDTH = 90
"""Characters of a step's text."""
MOST_ANSWERS, MOST_CALLS = 30, 300
"""Lines of a page's tables."""
FEW_NOTES = 5
"""Of refused and failed calls, which say much the same; the others are folded."""
LONGEST = 2000
"""Characters of an explanation."""


def render_trace(trace: Trace, *, all_nodes: bool = False) -> RenderableType:
    """The tree of candidates. Without `all_nodes`, leaves that nothing came of are counted only."""
    run = trace.run
    tree = Tree(Text(visible(run.problem_id, WIDTH)), guide_style="dim")
    for root in shown(tree, trace.roots, all_nodes):
        _add(tree, root, all_nodes)
    footer = [
        Text(f"{call.role} {call.name}: {call.count} calls, {call.usage.tokens:,} tokens")
        for call in trace.others
    ]
    footer += [Text(visible(trace.why, LONGEST))] if trace.why else []
    footer += [Text(visible(note, 2 * WIDTH), style="yellow") for note in trace.notes]
    return Group(tree, *footer, Text(legend(), style="dim"))


def legend() -> str:
    """What the marks and the figures mean."""
    marks = "   ".join(f"{mark} {fate}" for fate, (mark, _) in MARKS.items())
    return f"{marks}\ntokens of a draw with its scoring / with all that grew out of it"


def shown(tree: Tree, nodes: tuple[TraceNode, ...], all_nodes: bool) -> list[TraceNode]:
    """The nodes to show; the others are summed up in one line of the tree."""
    hidden = [] if all_nodes else [n for n in nodes if n.fate in ("pruned", "repeated")]
    if hidden:
        tokens = sum(node.own.tokens for node in hidden)
        scores = [node.value for node in hidden if node.value is not None]
        best = f", best score {max(scores):.2f}" if scores else ""
        tree.add(Text(f"× {len(hidden)} pruned{best}, {tokens:,} tokens", style="dim"))
    return [node for node in nodes if node not in hidden]


def _add(tree: Tree, node: TraceNode, all_nodes: bool) -> None:
    branch = tree.add(label(node), guide_style="green" if node.on_path else "dim")
    for child in shown(branch, node.children, all_nodes):
        _add(branch, child, all_nodes)


def label(node: TraceNode) -> Text:
    """One line: fate, score, text, answer, tokens of the node / with what grew out of it."""
    mark, style = MARKS[node.fate]
    text = Text(f"{mark} ", style=style)
    text.append(f"{node.value:.2f} " if node.value is not None else " --  ")
    words = " ".join(visible(node.text, 4 * WIDTH).split())
    text.append(visible(words, WIDTH), style=style)
    if node.answer is not None:
        text.append(f"  = {visible(node.answer, 40)}", style="bold")
    beyond = f" / {node.below.tokens:,}" if node.children else ""
    text.append(f"  {node.own.tokens:,}{beyond} tok", style="dim")
    return text


VERDICTS: dict[GradeReason, str] = {
    "same": "✓ right",
    "different": "✗ wrong",
    "undecided": "✗ counted as wrong: it could not be compared with the reference",
    "no_answer": "✗ wrong: there is no answer",
    "no_reference": "not graded: there is no reference",
    "not_recorded": "not graded: no verdict was recorded",
    "failed": "not graded: the run failed",
    "suspended": "not graded: the run is suspended",
    "outage": "not graded: the run is open after an outage",
}


class Back(Struct, frozen=True):
    """Addresses of the pages around a run."""

    home: str
    problem: str


def render_trace_page(trace: Trace, *, strategy: str, budget: str, back: Back | None = None) -> str:
    """HTML that loads nothing; branches fold without a script.

    `strategy` and `budget` as reports spell them.
    """
    values = {
        "trace": trace,
        "nodes": list(trace.nodes()),
        "strategy": strategy,
        "budget": budget,
        "back": back,
        "question": trace.problem.prompt if trace.problem else "",
        "verdict": verdict_of(trace),
        "tree": tree_figure(trace),
        "timeline": call_figure(trace.calls),
        "bars": MOST_BARS,
        "most": MOST_ANSWERS,
        "lines": MOST_CALLS,
        "few": FEW_NOTES,
    }
    filters = {"money": wording.money}
    return render_template("tts.eval.trace", values, filters, dressed=("tts.eval.report",))


def verdict_of(trace: Trace) -> str:
    """Right or wrong, in words; empty where nobody has compared the answer."""
    if trace.judged is None:
        return ""
    found = trace.judged.grade
    if found.reason == "recorded":
        return f"{'✓ right' if found.correct else '✗ wrong'}, as it was recorded"
    return VERDICTS[found.reason]
