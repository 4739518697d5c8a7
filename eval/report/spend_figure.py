"""Where the tokens went."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from tts.eval.report import wording
from tts.eval.report.cost_figure import WIDTH
from tts.eval.report.row import Row
from tts.eval.report.scale import Scale
from tts.eval.report.svg import element, label, title
from tts.protocols import Role

_BAR, _STEP, _TOP = 16.0, 24.0, 34.0
_LEFT, _RIGHT = 300.0, WIDTH - 70.0
_WORDS: dict[Role, str] = {
    "sample": "policy",
    "verify": "verifier",
    "judge": "judge",
    "plan": "planner",
    "retrieve": "retrieval",
    "embed": "embedding",
    "tool": "tools",
}


def spend_figure(rows: Sequence[Row]) -> Markup:
    """Stacked bars of mean attributed tokens per run by role; empty where none was recorded."""
    shown = [row for row in rows if row.spend and row.runs]
    used: list[Role] = [
        role for role in _WORDS if any(one.role == role for row in shown for one in row.spend)
    ]
    if not used:
        return Markup("")
    most = max(sum(one.usage.tokens for one in row.spend) / row.runs for row in shown)
    x = Scale(low=0.0, high=most or 1.0, start=_LEFT, end=_RIGHT)
    height = _TOP + _STEP * len(shown) + 6
    return element(
        "svg",
        title("Mean attributed tokens per run by role"),
        _legend(used),
        *(_bar(row, x, _TOP + _STEP * place) for place, row in enumerate(shown)),
        viewBox=f"0 0 {WIDTH:.0f} {height:.0f}",
        role="img",
        class_="figure",
    )


def _legend(roles: Sequence[Role]) -> Markup:
    parts = []
    for place, role in enumerate(roles):
        at = _LEFT + place * 96
        parts.append(element("rect", x=at, y=8, width=11, height=11, class_=f"role {role}"))
        parts.append(label(_WORDS[role], x=at + 16, y=18, class_="tick"))
    return element("g", *parts)


def _bar(row: Row, x: Scale, top: float) -> Markup:
    name = label(
        row.label, limit=40, x=_LEFT - 10, y=top + 12.5, text_anchor="end", class_="series"
    )
    parts, done = [name], 0.0
    for one in row.spend:
        amount = one.usage.tokens / row.runs
        start, end = x(done), x(done + amount)
        done += amount
        word = title(f"{_WORDS[one.role]}: {wording.count(amount)} tokens per run")
        parts.append(
            element(
                "rect",
                word,
                x=start,
                y=top,
                width=max(0.0, end - start),
                height=_BAR,
                class_=f"role {one.role}",
            )
        )
    parts.append(label(wording.short(done), x=x(done) + 7, y=top + 12.5, class_="tick"))
    return element("g", *parts)
