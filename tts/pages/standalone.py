"""A figure of a page as a file of its own: SVG with its colours, and PNG where a browser draws it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from tts.errors import UsageError
from tts.pages.chromium import NAMES, Chromium, found_chromium
from tts.pages.templates import stylesheet

SCALE = 2.0
"""Pixels of a PNG per unit of a figure."""
_COLOURS = re.compile(r"--(\w+): ([^;]+);")
_USED = re.compile(r"var\(--(\w+)\)")
_SIZE = re.compile(r'viewBox="0 0 (\d+) (\d+)"')


def standalone(svg: str, *, dark: bool = False) -> str:
    """One drawing with its style, its size and its paper; plain enough for any renderer."""
    colours = _palette(dark)
    style = _USED.sub(lambda found: colours[found[1]], stylesheet("figure"))
    width, height = size_of(svg)
    paper = f'<rect width="{width}" height="{height}" fill="{colours["paper"]}"></rect>'
    opening, _, rest = svg.partition(">")
    head = opening.replace(
        "<svg", f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}"', 1
    )
    return f"{head}><style>{style}</style>{paper}{rest}\n"


def size_of(svg: str) -> tuple[int, int]:
    """Width and height of a drawing, in its own units."""
    found = _SIZE.search(svg)
    assert found is not None, "every drawing has one"
    return int(found[1]), int(found[2])


def _palette(dark: bool) -> Mapping[str, str]:
    light, _, other = stylesheet("palette").partition("@media")
    return dict(_COLOURS.findall(light)) | (dict(_COLOURS.findall(other)) if dark else {})


async def write_pngs(files: Mapping[Path, str]) -> None:
    """Draw figures, as SVG by where their PNG goes, with the Chromium of this machine.

    Raises `UsageError` where there is none.
    """
    if found_chromium() is None:
        raise UsageError(f"No PNG: Chromium is needed on the path (as {', '.join(NAMES)}).")
    with TemporaryDirectory(prefix="tts-figures-") as folder:
        async with Chromium.started() as browser, browser.tab() as tab:
            for place, svg in files.items():
                source = Path(folder) / f"{place.stem}.svg"
                source.write_text(svg, "utf-8")
                await tab.look(*size_of(svg), scale=SCALE)
                await tab.open(source.as_uri())
                place.write_bytes(await tab.picture())
