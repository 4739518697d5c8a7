"""Figures as files of their own."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import pytest
from markupsafe import Markup

from tts.errors import UsageError
from tts.pages.chromium import found_chromium
from tts.pages.drawing import drawing, path, wide
from tts.pages.standalone import SCALE, size_of, standalone, write_pngs

DRAWN = Markup("").join(
    drawing("a line", path([(0, 0), (9, 9)], class_="line c0"), width=w, height=20, frame=name)
    for w, name in ((60, "wide"), (30, "narrow"))
)


@pytest.mark.parametrize("dark", [False, True])
def test_a_file_holds_its_colours_and_its_size_and_is_well_formed(dark: bool) -> None:
    text = standalone(wide(DRAWN), dark=dark)
    root = ElementTree.fromstring(text)
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert (root.get("width"), root.get("height")) == ("60", "20")
    assert "var(" not in text
    assert ("#14171b" in text) == dark


def test_the_wide_drawing_is_the_one_that_is_kept() -> None:
    assert size_of(wide(DRAWN)) == (60, 20)


async def test_without_a_browser_one_line_says_what_is_missing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UsageError, match="No PNG: Chromium is needed"):
        await write_pngs({tmp_path / "a.png": standalone(wide(DRAWN))})


@pytest.mark.skipif(found_chromium() is None, reason="Chromium is not on the path.")
@pytest.mark.timeout(300)
async def test_a_browser_draws_it_larger(tmp_path: Path) -> None:
    other = standalone(wide(DRAWN), dark=True)
    await write_pngs({tmp_path / "a.png": standalone(wide(DRAWN)), tmp_path / "b.png": other})
    head = (tmp_path / "a.png").read_bytes()[:24]
    assert head[:8] == b"\x89PNG\r\n\x1a\n"
    assert (tmp_path / "a.png").read_bytes() != (tmp_path / "b.png").read_bytes()
    assert [int.from_bytes(head[at : at + 4]) for at in (16, 20)] == [60 * SCALE, 20 * SCALE]
