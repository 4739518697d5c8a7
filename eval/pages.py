"""Pages that load nothing: a template with a style and a script of its own, and a policy that
allows those by hash and no more."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Mapping
from hashlib import sha256
from importlib.resources import files

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from tts.values.visible import visible

Filters = Mapping[str, Callable[..., str]]


def render_template(
    package: str, values: Mapping[str, object], filters: Filters | None = None
) -> str:
    """`page.html` of a package with its `page.css` and, where it has one, its `page.js`.

    The template gets `style`, `script` and `policy` besides the values, and the filter `visible`
    besides the others. All texts are escaped.
    """
    style, script = _resource(package, "page.css"), _resource(package, "page.js")
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters |= {"visible": visible, **(filters or {})}
    return environment.from_string(_resource(package, "page.html")).render(
        **values, style=Markup(style), script=Markup(script), policy=_policy(style, script)
    )


def _resource(package: str, name: str) -> str:
    """The text of a file of the package; empty where there is none."""
    file = files(package).joinpath(name)
    return file.read_text("utf-8") if file.is_file() else ""


def _policy(style: str, script: str) -> str:
    allowed = f"default-src 'none'; style-src {_hash(style)}; "
    if script:
        allowed += f"script-src {_hash(script)}; "
    return f"{allowed}base-uri 'none'; form-action 'none'"


def _hash(text: str) -> str:
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"
