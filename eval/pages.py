"""Pages that load nothing: a template with a style and a script of its own, and a policy that
allows those by hash and no more."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from hashlib import sha256
from importlib.resources import files

from jinja2 import Environment, FunctionLoader, StrictUndefined
from markupsafe import Markup

from tts.values.visible import visible

Filters = Mapping[str, Callable[..., str]]


def render_template(
    package: str,
    values: Mapping[str, object],
    filters: Filters | None = None,
    *,
    page: str = "page",
    dressed: Sequence[str] = (),
) -> str:
    """A page of a package with its `page.css` and, where it has one, its `page.js`.

    The template gets `style`, `script` and `policy` besides the values, and the filter `visible`
    besides the others. All texts are escaped. `page`: name of the template, which may extend others
    of its package. `dressed`: packages whose style and script come first.
    """
    sheets = (*dressed, package)
    style = "".join(_resource(one, "page.css") for one in sheets)
    script = "".join(_resource(one, "page.js") for one in sheets)
    environment = Environment(
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        loader=FunctionLoader(lambda name: _resource(package, name)),
    )
    environment.filters |= {"visible": visible, **(filters or {})}
    return environment.get_template(f"{page}.html").render(
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
