"""Whether a text is mathematics."""

from __future__ import annotations

import re

from tts.values import AnswerKind

_CODE = re.compile(r"[0-9]+(?:\s?[-–]\s?[0-9]+)+|[0-9]+(?:/[0-9]+){2,}|[0-9]+(?:\.[0-9]+){2,}")
"""Telephone numbers, scores, ranges, dates, versions: digits, but no sum to be worked out."""
_BASED = re.compile(r"[0-9]_")
_ENVIRONMENT = re.compile(r"\\(?:begin|end)\s*\{[a-z]+\*?\}(?:\{[lcr| ]*\})?")
_TEXTUAL = re.compile(
    r"\\(?:text(?:bf|it|rm|normal)?|mbox|mathrm|mathbf|operatorname)\s*\{([^{}]*)\}"
)
_COMMAND = re.compile(r"\\(?:[A-Za-z]+|.)")
_RUN = re.compile(r"[^\W\d_]+")
_LABEL = re.compile(r"(?<![^\W\d_])(?:[A-Z]{1,5}|[a-z]{1,3})(?=\s*(?:=|:(?!\d\d\b)))")
_FIGURE = re.compile(
    r"\\(?:angle|triangle|over(?:line|rightarrow|leftrightarrow)|vec|widehat)(?![a-z])"
)
_CONNECTIVE = re.compile(r"(?:\b|(?<=[0-9)]))(?:and|or)(?:\b|(?=[A-Z(]))")
_INDEX = re.compile(r"_\{[\w, +-]*\}")
_CHARACTERS = re.compile(r"[\w\s+\-*/^=<>|!,.;:()\[\]{}%&~\\√π∞≤≥≠±·⋅∪∩∈∅×÷°≈−–]*")
_OPERATOR = re.compile(
    r"[+*^=<>/_\\√π∞≤≥≠±·⋅∪∩×÷−|!]|(?<=[\w)}\]])\s*-|^-|[0-9][^\W\d_]|[a-z]{2}\("
)
_STRONG = re.compile(r"[+*^=<>\\√≤≥≠±·⋅×÷−]")
_INDEXED = re.compile(r"[^\W\d_][0-9]|(?<![_^0-9])[0-9]+\s+[0-9](?![0-9]*/[0-9])")
_UNSPOKEN = re.compile(r"a?[b-df-hj-np-tv-z]{1,3}")
"""Letters that are no word: a product of variables, even without a sign beside it."""
_FUNCTION_NAMES = (
    "sin cos tan cot sec csc arcsin arccos arctan sinh cosh tanh asin acos atan log ln lg exp sqrt "
    "pi inf infty infinity lim max min gcd lcm mod det deg abs frac"
)
_NUMERAL = re.compile(r"[vx]*i[ivx]*")
FUNCTIONS = frozenset(_FUNCTION_NAMES.split())
_SHORT = (
    "no on yes in at it is am pm as an by do go he if me my of so to up us we ok km cm mm kg mg ml "
    "the not but for and nor yet all any are can did due get had has her him his how its let may "
    "new now off old one our out own per put run see set she ten too top try two use was way who "
    "why you six red"
)
_SHORT_WORDS = frozenset(_SHORT.split())
LONGEST_PRODUCT, LONGEST_LABEL = 3, 4


def is_mathematics(text: str, kind: AnswerKind) -> bool:
    """Whether a normalised text states mathematics: signs, numbers and single letters alone."""
    if not _CHARACTERS.fullmatch(text) or _CODE.fullmatch(text) or _is_named(text):
        return False
    rest = _TEXTUAL.sub(_inner, _ENVIRONMENT.sub("~", _INDEX.sub("", text)))
    rest = _COMMAND.sub("~", _CONNECTIVE.sub(",", rest))
    rest = _LABEL.sub("x", rest)
    if _INDEXED.search(rest):
        return False
    runs = [run for run in _RUN.findall(rest) if len(run) > 1 and run.lower() not in FUNCTIONS]
    if not runs and any(letter.isdigit() for letter in rest) and not _RUN.search(rest):
        return bool(_OPERATOR.search(text) or re.search(r"[,;:()\[\]]", rest))
    if kind == "mathematics" and not _OPERATOR.search(text):
        return len(runs) == 1 and runs[0] == text and _is_unspoken(text)
    return bool(_OPERATOR.search(text)) and all(_is_product(run, text, kind) for run in runs)


def _is_unspoken(run: str) -> bool:
    """Whether bare letters are no word, but variables multiplied."""
    if _NUMERAL.fullmatch(run):
        return False
    pair = len(run) == 2 and run.isascii() and run.islower() and run not in _SHORT_WORDS
    return pair or _UNSPOKEN.fullmatch(run) is not None


def _is_named(text: str) -> bool:
    """Whether letters or digits stand in an order: the angle ABC is not BCA, 10_2 is not 10."""
    if _BASED.search(text):
        return True
    return _FIGURE.search(text) is not None and "=" not in text


def _is_product(run: str, text: str, kind: AnswerKind) -> bool:
    """Whether letters beside signs of mathematics may be variables multiplied."""
    if run.isupper() and len(run) <= LONGEST_LABEL and "\\" in text:
        return True
    if len(run) > LONGEST_PRODUCT or run.lower() in _SHORT_WORDS:
        return False
    return kind == "mathematics" or (run.islower() and bool(_STRONG.search(text)))


def _inner(found: re.Match[str]) -> str:
    r"""What `\text{}` holds, where it may be read as mathematics; else a word that stops it."""
    inner = found[1].strip()
    is_read = len(inner) <= 1 or inner.lower() in FUNCTIONS or _CONNECTIVE.fullmatch(inner)
    return f" {inner} " if is_read else " words "
