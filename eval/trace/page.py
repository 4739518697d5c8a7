"""A trace as one self-contained page."""

from __future__ import annotations

from base64 import b64encode
from hashlib import sha256
from importlib.resources import files

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from tts.eval.trace.trace import Trace
from tts.values.visible import visible


def render_trace_page(trace: Trace, *, strategy: str, budget: str) -> str:
    """HTML that loads and runs nothing: its policy allows its own style by hash, and no more.

    Branches fold without a script. All texts of the run are escaped. `strategy` and
    `budget` as reports spell them.
    """
    style = _resource("page.css")
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["visible"] = visible
    return environment.from_string(_resource("page.html")).render(
        trace=trace,
        nodes=list(trace.nodes()),
        strategy=strategy,
        budget=budget,
        style=Markup(style),
        policy=f"default-src 'none'; style-src {_hash(style)}; base-uri 'none'; form-action 'none'",
    )


def _resource(name: str) -> str:
    return files("tts.eval.trace").joinpath(name).read_text("utf-8")


def _hash(text: str) -> str:
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"
