"""Pages that load nothing: a template with a style and a script of its own, and a policy that
allows those by hash and no more."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from hashlib import sha256
from importlib.resources import files

from jinja2 import Environment, FunctionLoader, StrictUndefined
from markupsafe import Markup

from tts.pages.maths import set_formula, set_maths
from tts.values.visible import visible

Filters = Mapping[str, Callable[..., str]]
HERE = "tts.pages"


def render_template(
    package: str,
    values: Mapping[str, object],
    filters: Filters | None = None,
    *,
    page: str = "page",
    dressed: Sequence[str] = (),
) -> str:
    """A page of a package with its `page.css` and, where it has one, its `page.js`.

    The template gets `style`, `script` and `policy` besides the values, and besides the other
    filters `visible`, `maths` and `formula`, which set mathematics. All texts are escaped. `page`:
    name of the template, which extends `document.html` of this package, or others of its own. `dressed`: packages whose style
    and script come first; those that all pages share come before them.
    """
    sheets = (HERE, *dressed, package)
    style = stylesheet("palette", "figure") + "".join(_resource(one, "page.css") for one in sheets)
    script = "".join(_resource(one, "page.js") for one in sheets)
    environment = _environment(package)
    environment.filters |= filters or {}
    return environment.get_template(f"{page}.html").render(
        **values, style=Markup(style), script=Markup(script), policy=_policy(style, script)
    )


def stylesheet(*names: str) -> str:
    """Rules of this package: `palette` (colours, light and dark), `figure`, `page`."""
    return "".join(_resource(HERE, f"{name}.css") for name in names)


@cache
def _environment(package: str) -> Environment:
    """Of one package's templates, which are compiled once; its pages use the same filters."""
    made = Environment(
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        loader=FunctionLoader(lambda name: _resource(package, name) or _resource(HERE, name)),
    )
    made.filters |= {"visible": visible, "maths": set_maths, "formula": set_formula}
    return made


@cache
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
