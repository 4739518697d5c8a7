r"""LaTeX in texts of unknown origin, set as MathML, which browsers draw without a script.

`latex2mathml` makes a tree; of it only known elements and harmless attributes are written here, and
every text is escaped here: the library's own serialiser undoes escapes, and `\href`, `\style` and
`\class` would reach attributes. What cannot be read, or is too long, stays the text that it was."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cache, lru_cache
from html import unescape
from importlib import import_module
from typing import Literal
from xml.etree.ElementTree import Element

from markupsafe import Markup, escape

from tts.values.visible import harmless, visible

LONGEST = 1_500
"""Characters of one formula that is set; the time it takes grows with them."""
DEEPEST = 40
"""Brackets within brackets: browsers nest as deep, and so does the stack."""

ELEMENTS = re.compile(
    "m(row|i|n|o|s|text|space|frac|sqrt|root|style|padded|phantom|enclose|sub|sup|subsup|under|over"
    "|underover|multiscripts|table|tr|td)"
)
WORDS = re.compile(
    "(display|displaystyle|scriptlevel|stretchy|fence|form|separator|largeop|movablelimits|accent"
    "|accentunder|mathvariant|columnalign|rowlines|columnlines|symmetric)"
)
LENGTHS = re.compile(
    "(width|height|depth|lspace|rspace|voffset|linethickness|minsize|maxsize|columnspacing)"
)
_WORDS = re.compile(r"[a-z0-9 +-]{0,60}")
_LENGTHS = re.compile(r"([+-]?[0-9]{0,2}(\.[0-9]{1,4})?(em|ex|px|pt|%)? ?){1,12}")
_REFUSED = re.compile(
    r"\\(def|let|gdef|edef|(re)?newcommand|providecommand|unicode|char)(?![a-zA-Z])"
)
"""Macros, which may grow without end, and characters by number."""

_OPENER = re.compile(r"(?<!\\)(?:\$\$|\$)|\\\[|\\\(|\\begin\{(?P<named>[a-zA-Z]{1,12}\*?)\}")
_CLOSERS = {"$$": "$$", "$": "$", r"\[": r"\]", r"\(": r"\)"}
_BOXED = re.compile(r"\\boxed\{((?:[^{}]|\{(?:[^{}]|\{[^{}]*\})*\})*)\}")
_LATEX = re.compile(r"\\[a-zA-Z]{2,}|[\^_]\{|\w\^\w")
_PROSE = re.compile(r"[^\W\d_]{3,} [^\W\d_]{2,}")
Display = Literal["inline", "block"]


def set_maths(text: object, limit: int = 200) -> Markup:
    """A text with its formulas set: those between dollar signs or LaTeX's own brackets, and what is
    boxed. `limit`: characters, as of `visible`."""
    return Markup("").join(_pieces(visible(text, limit)))


def set_formula(text: object, limit: int = 200) -> Markup:
    """An answer: all of it is one formula where it looks like LaTeX and not like a sentence."""
    shown = visible(text, limit)
    bare = shown.strip()
    alone = bare[1:-1] if len(bare) > 2 and bare[0] == bare[-1] == "$" else bare
    if "$" not in alone and _LATEX.search(alone) and not _PROSE.search(alone):
        return _mathml(alone, "inline") or escape(shown)
    return Markup("").join(_pieces(shown))


def _pieces(text: str) -> Iterator[Markup]:
    """Linear in the text, whatever stands in it: where the next closing mark lies is kept."""
    done, ends = 0, dict[str, int]()
    for found in _OPENER.finditer(text):
        named = found["named"]
        closer = f"\\end{{{named}}}" if named else _CLOSERS[found[0]]
        if found.start() < done:
            continue
        if ends.get(closer, 0) < found.end():
            ends[closer] = at if (at := text.find(closer, found.end())) >= 0 else len(text)
        end = ends[closer]
        inside = text[found.end() : end]
        if end == len(text) or len(inside) > LONGEST or not _is_formula(found, inside, text, end):
            continue
        yield from _boxes(text[done : found.start()])
        done = end + len(closer)
        whole = text[found.start() : done]
        display: Display = "inline" if found[0] in ("$", r"\(") else "block"
        yield _mathml(whole if named else inside.strip(), display) or escape(whole)
    yield from _boxes(text[done:])


def _is_formula(opened: re.Match[str], inside: str, text: str, end: int) -> bool:
    """Of single dollar signs: not those of two amounts of money."""
    if opened[0] != "$":
        return bool(inside.strip())
    before, after = text[opened.start() - 1 : opened.start()], text[end + 1 : end + 2]
    tight = inside and not inside[0].isspace() and not inside[-1].isspace()
    return bool(tight and "\n" not in inside and not (before + after).strip().isalnum())


def _boxes(text: str) -> Iterator[Markup]:
    """Text without formulas in brackets; `\\boxed{…}` may stand there bare."""
    done = 0
    for found in _BOXED.finditer(text):
        yield escape(text[done : found.start()])
        yield _mathml(found[0], "inline") or escape(found[0])
        done = found.end()
    yield escape(text[done:])


@lru_cache(maxsize=4096)
def _mathml(latex: str, display: Display) -> Markup:
    """The formula; empty where it cannot be set, or the extra `maths` is not installed."""
    reader = _reader()
    if reader is None or not latex or len(latex) > LONGEST:
        return Markup("")
    if _REFUSED.search(latex) or not _sound(latex):
        return Markup("")
    try:
        tree = reader(latex, display=display)
        inside = Markup("").join(_written(one) for one in tree)
    except Exception:  # noqa: BLE001 whatever a reader of other people's texts raises
        return Markup("")
    if _unread(tree):
        return Markup("")
    frame = Markup('<math display="{}" alttext="{}">{}</math>')
    return frame.format(display, latex, inside)


@cache
def _reader() -> Callable[..., Element] | None:
    """What reads LaTeX; None without the extra `maths`."""
    try:
        found: Callable[..., Element] = import_module("latex2mathml.converter").convert_to_element
    except ImportError:
        return None
    return found


def _sound(latex: str) -> bool:
    """Whether its brackets match and are not nested too deep."""
    deepest = depth = 0
    for found in re.finditer(r"\\.|[{}]", latex, re.DOTALL):
        depth += {"{": 1, "}": -1}.get(found[0], 0)
        deepest = max(deepest, depth)
        if depth < 0:
            return False
    nested = max(latex.count(one) for one in (r"\left", r"\sqrt", r"\begin", r"\frac"))
    return depth == 0 and max(deepest, nested) <= DEEPEST


def _unread(tree: Element) -> bool:
    """Whether a command that the library does not know was left standing as a word."""
    return any((one.text or "").startswith("\\") and len(one.text or "") > 2 for one in tree.iter())


def _written(one: Element) -> Markup:
    if not ELEMENTS.fullmatch(one.tag):
        raise ValueError(f"{one.tag} is no element of a formula.")
    pairs = Markup("").join(
        Markup(' {}="{}"').format(name, value)
        for name, value in one.attrib.items()
        if (WORDS.fullmatch(name) and _WORDS.fullmatch(value))
        or (LENGTHS.fullmatch(name) and _LENGTHS.fullmatch(value))
    )
    tag = one.tag
    if tag == "menclose":  # which browsers no longer draw
        tag, pairs = "mrow", Markup(' class="boxed"')
    text = escape(harmless(unescape(one.text or "")))
    inside = Markup("").join([text, *(_written(child) for child in one)])
    return Markup("<{0}{1}>{2}</{0}>").format(Markup(tag), pairs, inside)
