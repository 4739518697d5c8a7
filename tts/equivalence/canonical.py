"""What a short answer is: a number, words, mathematics, or prose that may hold any of them."""

from __future__ import annotations

import re
from functools import lru_cache

from msgspec import Struct
from msgspec.structs import replace

from tts.countdown import made
from tts.equivalence.number import Number, read_number
from tts.equivalence.pool import MAX_NESTING, is_shallow
from tts.equivalence.quantity import Unit
from tts.equivalence.words import formula_key, moment, plain, unwrapped, words
from tts.values import AnswerKind

LONGEST_READ = 512
"""Characters; a longer answer is no number, date or expression, but words or prose."""

_DELIMITER = re.compile(r"\$\$|\$(?!\s*\n)[^$]*\$|\\\((?!\s*\n)|\\\[|\\boxed")
"""Inline mathematics begins on the line of its delimiter, as in Markdown."""
_WHOLE = re.compile(
    r"\s*(\$\$?)[^$]*\1[\s.]*|\s*\\[(\[](?:(?!\\[()\[\]]).)*\\[)\]][\s.]*", re.DOTALL
)
_WORDED = re.compile(r"\\(?:text|mbox|mathrm|operatorname)")
_LETTER = re.compile(r"\(?\s*([^\W\d_])\s*\)?")
_SCALE = re.compile(
    r"(?:°|\^\s*\{?\s*\\circ\s*\}?)\s*(?:\\(?:text|mathrm)\s*\{\s*)?([CF])\s*\}?(?![A-Za-z])"
)
_DOLLARS = re.compile(
    r"\s*\$?\s*[-+]?\\\$.*|[^$]*\\\$\s*\$?\s*|\s*[-+]?\$[^$]*|[^$]*[0-9]\s?\$\s*|.*\bUS\s?\$[^$]*",
    re.DOTALL,
)
_AMERICAN = re.compile(r"\bUS\s?\\?\$")
_DEGREES = re.compile(r"°|\\circ(?![A-Za-z])")
_NOTHING = re.compile(
    r"(?:there (?:is|are) )?no (?:real |such |possible )?(?:solutions?|roots?|values?)(?: exists?)?"
    r"|(?:the )?(?:empty|null) set|\\varnothing|\\emptyset|∅|\\\{\s*\\\}"
)
_NAMED = {"infinity": "\\infty", "pi": "\\pi", "∞": "\\infty", "π": "\\pi", "+\\infty": "\\infty"}
_DOLLAR, _DEGREE = Unit((("dollar", 1),)), Unit((("angle", 1),))
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
LONGEST = 4096
"""Characters; longer texts are only stripped."""

_NOISE = re.compile(r"\\(?:left|right|displaystyle|quad|qquad)(?![A-Za-z])|\\[!,;:]")
_FRACTION = re.compile(r"\\[dtc]frac(?![A-Za-z])")
_DEGREE_SIGN = re.compile(r"\^\s*(?:\{\s*\\circ\s*\}|\\circ(?![A-Za-z]))")
_SPACED = re.compile(r"\s*([-+*/^=<>|{}()\[\]])\s*", re.ASCII)
_TRIGONOMETRIC = re.compile(r"\\(?:sin|cos|tan|cot|sec|csc)(?![a-z])")
_DISPLAYED = re.compile(r"\\([(\[])((?:(?!\\[()\[\]]).)*)\\[)\]]", re.DOTALL)
_SUBSCRIPT = re.compile(r"_\{([A-Za-z0-9])\}")
_BLANK = re.compile(r"\s")
_BOX = re.compile(r"\\boxed\s*\{")
_BRACE = re.compile(r"\\.|[{}]", re.DOTALL)
_GROUPED = re.compile(r"(?<=[0-9]),\s*\\!\s*(?=[0-9]{3})")
_LETTERS = r"\\(?:text(?:bf|it|rm|normal)?|mbox|mathrm|mathbf|operatorname)"
_WRAPPED = re.compile(_LETTERS + r"\s*\{([^{}\\]*)\}")


class Canonical(Struct, frozen=True, gc=False):
    """An answer in its normal spelling, with the readings that apply."""

    text: str
    number: Number | None = None
    words: str | None = None
    """The key of a text, of a date or of a time: equal keys are equal answers."""
    mathematics: bool = False
    """Whether algebra may read the text."""
    prose: bool = False
    """Whether the mathematics stands inside other words, between delimiters of its own."""


def canonical(answer: str, kind: AnswerKind = "any") -> Canonical:
    """Read an answer; linear in its length."""
    if kind in ("program", "instructed"):
        return Canonical(answer, words=answer)
    if kind == "countdown":
        found = made(answer)
        return Canonical(str(found), words=str(found)) if found else Canonical(answer, words=answer)
    if len(answer) <= LONGEST_READ:
        return _read(answer, kind)
    text = normalise(answer)
    if len(answer) > LONGEST and kind != "text":
        return Canonical(text, prose=True)
    if len(answer) <= LONGEST and kind != "text" and not is_shallow(text, nesting=MAX_NESTING):
        return _told(answer, text, kind, deep=True)
    if len(answer) <= LONGEST and is_mathematics(text, kind):
        return Canonical(text, mathematics=True)
    return _told(answer, text, kind)


@lru_cache(maxsize=8192)
def _read(answer: str, kind: AnswerKind) -> Canonical:
    text = normalise(_AMERICAN.sub("$", _SCALE.sub(_temperature, answer)))
    bare = unwrapped(text).strip()
    if _NOTHING.fullmatch(bare.lower()):
        return Canonical("\\emptyset", mathematics=True)
    text = plain(_NAMED.get(bare.lower(), text))
    clock = moment(plain(bare))
    number = read_number(text, kind) if clock is None else None
    if number is not None:
        return Canonical(text, _with_sign(number, answer), mathematics=True)
    mathematics = is_mathematics(text, kind) and not (text.isalpha() and _WORDED.search(answer))
    if clock is not None:
        return Canonical(text, words=clock, mathematics=mathematics and clock.startswith("time"))
    if letter := _LETTER.fullmatch(bare):
        key = letter[1].lower() if kind == "text" else letter[1]
        return Canonical(text, words=key, mathematics=True)
    if mathematics:
        return Canonical(text, words=formula_key(plain(bare)), mathematics=True)
    return _told(answer, text, kind)


def _told(answer: str, text: str, kind: AnswerKind, *, deep: bool = False) -> Canonical:
    """Words, or prose around mathematics; prose with a single box says what stands in it.

    `deep`: nested deeper than algebra reads, so that it is not worth the time to tell what it is.
    """
    boxed = boxes(answer) if len(answer) <= LONGEST and kind != "text" else []
    if len(boxed) == 1:
        return canonical(boxed[0], kind)
    delimited = _DELIMITER.search(answer) is not None and not _WHOLE.fullmatch(answer)
    prose = deep or delimited or "\\boxed" in text
    if prose and kind != "text":
        return Canonical(text, prose=True)
    return Canonical(text, words=words(text, kind))


def _with_sign(number: Number, answer: str) -> Number:
    """A number with the degrees or dollars that its normal spelling leaves out."""
    if number.unit is not None:
        return number
    if _DEGREES.search(answer):
        return replace(number, unit=_DEGREE)
    return replace(number, unit=_DOLLAR) if _DOLLARS.fullmatch(answer) else number


def _temperature(found: re.Match[str]) -> str:
    return {"C": "℃", "F": "℉"}[found[1]]


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


def normalise(text: str) -> str:
    r"""One spelling for equal spellings: `$`, `\[`, `\boxed{}`, `\dfrac`, `\left`, degrees, blanks.

    Degrees stay inside trigonometric functions, where they are not the same as radians.
    """
    text = text.strip()
    if len(text) > LONGEST or text.isalnum():
        return text
    text = text.rstrip(".").replace("\\$", "").replace("$", "").replace("{,}", ",")
    if not _TRIGONOMETRIC.search(text):
        text = _DEGREE_SIGN.sub("", text.replace("°", ""))
    text = _SUBSCRIPT.sub(r"_\1", text)
    if "\\" in text:
        text = _without_commands(text)
    return _SPACED.sub(r"\1", " ".join(text.split())) if _BLANK.search(text) else text


def boxes(text: str) -> list[str]:
    r"""What the closed outer `\boxed{…}` of a text hold, in order; linear in its length."""
    found: list[str] = []
    place = 0
    while opening := _BOX.search(text, place):
        depth, place = 1, len(text)
        for brace in _BRACE.finditer(text, opening.end()):
            depth += {"{": 1, "}": -1}.get(brace[0], 0)
            if depth == 0:
                found.append(text[opening.end() : brace.start()])
                place = brace.end()
                break
    return found


def _unboxed(text: str) -> str:
    found = boxes(text) if text.startswith("\\boxed") and text.endswith("}") else []
    return found[0].strip() if len(found) == 1 else text


def _without_commands(text: str) -> str:
    text = _NOISE.sub("", _GROUPED.sub(",", text).replace("\\%", "%"))
    text = _FRACTION.sub(r"\\frac", text).strip()
    displayed = _DISPLAYED.fullmatch(text)
    text = displayed[2].strip() if displayed else text
    text = _unboxed(text)
    wrapped = _WRAPPED.fullmatch(text)
    text = wrapped[1] if wrapped else text
    return text.removesuffix("\\").rstrip(".")
