"""How verdicts are read from what a judge wrote, in whatever words it wrote them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, NamedTuple

from tts.values import Completion

HIGHEST = 10
"""The best mark, where a reply names no other scale."""
LONGEST = 20_000
"""Characters at the end of a reply that are read."""
OBJECTS = 100
"""As many JSON objects as are tried to be read in a reply."""

_WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
_VALUES = {word: float(value) for value, word in enumerate(_WORDS)} | {"hundred": 100.0}
_NUMBER = (
    r"(?<![\w.,])(?:[-+]?(?:\d+(?:[.,]\d+)?|\.\d+)(?![\w]|[.,]\d)"
    rf"|(?:{'|'.join(_VALUES)})\b)"
)
_SCALE = (
    rf"(?:\s*(?:/|\bout\s+of\b|\bof\b|\bover\b)\s*(?:an?\s+)?(?:possible\s+|total\s+of\s+)?"
    rf"(?P<of>{_NUMBER})|\s*(?P<percent>%|percent\b|per\s+cent\b))?"
)
_STATED = rf"(?P<value>{_NUMBER}){_SCALE}"
_LABEL = r"\b(?:score|rating|mark|grade|verdict|points?)\b"
_LABELLED = re.compile(
    rf"{_LABEL}(?:[^\n:=\d]{{0,40}}?[:=](?:\n|[ \t>]*(?:is\s+)?)"
    r"|\s+(?:is|of|was|would\s+be|should\s+be)\s+(?:an?\s+)?"
    rf"|\s+(?:[-–—→]\s+)?){_STATED}",
    re.IGNORECASE,
)
_SPOKEN = re.compile(
    r"\b(?:(?:I|Id|Ill|we)(?:\s+(?:would|will))?\s+(?:rate|give|award|assign|score|grade|mark)"
    r"|deserves|earns|merits|receives|gets)\b"
    rf"[^.\n\d]{{0,60}}?{_STATED}(?=\s*(?:[.!,;:)\]}}]|$|points?\b|marks?\b|because\b|since\b))",
    re.IGNORECASE | re.MULTILINE,
)
_ALONE = re.compile(rf"^[^\w.+-]*(?:[-•]\s+)?{_STATED}\s*(?:points?)?[^\w%]*$", re.IGNORECASE)
_ANYWHERE = re.compile(_STATED, re.IGNORECASE)
_RANGE = re.compile(rf"\s*(?:[-–—,;&/]|to\b|or\b|and\b)\s*{_NUMBER}", re.IGNORECASE)
_COUNTED = re.compile(
    r"\s*(?:steps?|errors?|mistakes?|issues?|problems?|parts?|lines?|cases?)\b", re.IGNORECASE
)
_REST = re.compile(r"[^\w\n]*(?:\n|$)")
_MATHS = re.compile(
    r"=|\b(?:answers?|probability|chance|fraction|ratio|results?|values?|equals?)\b", re.IGNORECASE
)
_ECHO = re.compile(
    r"\(?\b(?:on\s+)?(?:an?\s+|the\s+)?(?:(?P<word>scale)\s+)?(?:of\s+|from\s+|between\s+)?"
    r"(?<![\w.])(?:0|1|zero|one)\b(?:\s*\([^()]*\))?\s*(?:-|–|—|\.\.+|to|and|through)\s*"
    r"(?P<top>\d+|ten|five|hundred)\b(?!\s*/)(?:\s*\([^()]*\))?\)?",
    re.IGNORECASE,
)
_OUT_OF = re.compile(
    r"\(?\bout\s+of\s+(?:a\s+possible\s+)?(?P<top>\d+|ten|five|hundred)\s*\)?(?=\s*[:=])",
    re.IGNORECASE,
)
_KEYS = ("score", "rating", "mark", "grade", "verdict", "points", "value", "overall")
_TOPS = ("out_of", "outof", "max", "maximum", "max_score", "scale", "total", "of")
_TAG = re.compile(r"<(score|rating|mark|grade|verdict|answer|judge?ment)>", re.IGNORECASE)
_MARKUP = re.compile(r"\\(?:text|textbf|mathbf|mathrm|boxed|fbox)\s*\{([^{}]*)\}")
_DROPPED = dict.fromkeys(map(ord, "*_`\"'“”‘’$#|"))
_ALIKE = {ord("−"): "-", ord("⁄"): "/", ord("∕"): "/", ord("\u00a0"): " "} | {
    ord("０") + digit: str(digit) for digit in range(10)
}


class Stated(NamedTuple):
    """A number as a judge wrote it, and of how many."""

    text: str
    of: float | None

    def share(self, highest: float) -> float | None:
        """Its part of the scale, 0…1; None beyond the scale, or where it may stand for two things.

        A fraction below 1 on a scale of whole marks is a share already; `1.0` may be the best of
        one scale and the second worst of the other.
        """
        value, of = number(self.text), self.of
        if of is None and highest > 1 and 0 < value <= 1 and not _is_whole(self.text):
            return None if value == 1 else value
        of = highest if of is None else of
        share = value / of if of > 0 else -1.0
        return share if 0 <= share <= 1 else None


def settled(completion: Completion) -> str:
    """What a judge said in the end: nothing of its thoughts, and not the word at which it was cut."""
    text = completion.text
    _, ended, said = text.rpartition("</think>")
    if not ended and "<think>" in text:
        return ""
    said = said if ended else text
    if completion.finish_reason == "length":
        said = said[: max(said.rstrip().rfind(" "), said.rstrip().rfind("\n")) + 1]
    return said


def plain(text: str) -> str:
    """A reply without its markup: emphasis, quotes, tags, boxes, blank lines."""
    flat = _TAG.sub(r"\n\1: ", text[-LONGEST:].translate(_ALIKE))
    flat = re.sub(r"</?\w{1,12}>", "\n", flat)
    for _ in range(2):
        flat = _MARKUP.sub(r"\1", flat)
    lines = (" ".join(line.split()) for line in flat.translate(_DROPPED).splitlines())
    return "\n".join(line for line in lines if line)


def mark(text: str, highest: float = HIGHEST) -> float | None:
    """The mark that a reply gives, in 0…1; None where it gives none, several, or one beyond its scale.

    The last labelled one counts (`Score: 7`, `**Rating** = 7/10`, JSON), else what the judge says
    that it gives, else a number that stands alone or closes the reply with its scale. A scale that
    the reply only repeats is no mark.
    """
    said = from_json(text)
    if said is not None:
        return said.share(highest)
    flat, highest = without_scale(plain(text), highest)
    for found in (_last(_LABELLED, flat), _last(_SPOKEN, flat)):
        if found is not None:
            return _unambiguous(found, flat, highest)
    lines = flat.splitlines()
    for line in (*lines[-1:], *lines[:1]):
        if (alone := _ALONE.match(line)) is not None:
            return _stated(alone).share(highest)
    return _closing(lines[-1], highest) if lines else None


def step_marks(text: str, steps: int | None, highest: float = HIGHEST) -> tuple[float, ...] | None:
    """One mark per step, in order; None unless every step has one on the scale, and no other has.

    A step that is marked twice has its last mark. `steps` None: as many as are named.
    """
    found: dict[int, float | None] = {}
    flat, highest = without_scale(plain(text), highest)
    pattern = rf"\bstep\s+(?P<step>\d{{1,4}})\b[^\n:=\d]{{0,40}}[:=)]\s*{_STATED}"
    for match in re.finditer(pattern, flat, re.IGNORECASE):
        found[int(match["step"])] = _unambiguous(match, flat, highest)
    steps = max(found, default=0) if steps is None else steps
    if set(found) != set(range(1, steps + 1)):
        return None
    marks = [found[step] for step in range(1, steps + 1)]
    known = tuple(one for one in marks if one is not None)
    return known if len(known) == steps else None


def polarity(text: str, good: Sequence[str], bad: Sequence[str]) -> tuple[bool, int] | None:
    """Whether a reply says one of the good words or one of the bad ones, and where it says it.

    Case does not count; `not` before a word turns it around. None where it says neither, or both
    and its last line does not decide.
    """
    words = "|".join(re.escape(word) for word in (*good, *bad))
    pattern = re.compile(rf"(\bnot\s+|n[’']t\s+)?\b({words})\b", re.IGNORECASE)
    lowered = {word.lower() for word in good}
    start = len(text.rstrip().rpartition("\n")[0])
    for place in (0, start):
        said = [
            ((one[2].lower() in lowered) != bool(one[1]), one.start(2))
            for one in pattern.finditer(text, place)
        ]
        if len({verdict for verdict, _ in said}) == 1:
            return said[-1]
    return None


def choice(text: str, among: int) -> int | None:
    """Which of several numbered solutions a reply names in the end, from 0; None where it names
    none of them, or more than one."""
    flat = plain(text)
    item = (
        r"\(?\[*(?:(?:solution|option|candidate|number|no\.?)\s*)?(?P<place>\d{1,4})\b(?!\.\d|[/%])"
    )
    label = r"\b(?:judge?ment|verdict|choice|best|winner|answer|selected|selection|pick)\b"
    labelled = re.compile(rf"{label}[^\n:=\d]{{0,40}}?(?:[:=]|\bis\b)\s*{item}", re.IGNORECASE)
    found = _last(labelled, flat)
    if found is None:
        lines = flat.splitlines()
        found = re.match(rf"^\W*{item}\W*$", lines[-1], re.IGNORECASE) if lines else None
    if found is None:
        better = (
            r"\s+is\s+(?:the\s+)?(?:most\s+likely\s+|clearly\s+)?(?:right|correct|best|better)\b"
        )
        named = re.findall(rf"\bsolution\s+(\d{{1,4}}){better}", flat, re.IGNORECASE)
        return _place(named[0], among) if len(set(named)) == 1 else None
    if found.re is labelled and _RANGE.match(flat, found.end()):
        return None
    return _place(found["place"], among)


def without_scale(flat: str, highest: float) -> tuple[str, float]:
    """A reply without the scales that it only repeats, and the best mark by the last of them."""
    for echo in _ECHO.finditer(flat):
        named = echo["word"] or echo[0].startswith("(")
        highest = number(echo["top"]) if named else highest
    for echo in _OUT_OF.finditer(flat):
        highest = number(echo["top"])
    kept = _ECHO.sub(lambda echo: "" if _repeats(echo) else echo[0], flat)
    return _OUT_OF.sub("", kept), highest


def from_json(text: str) -> Stated | None:
    """The mark in the last JSON object of a reply that has one under a known name."""
    for content in reversed(list(_objects(text[-LONGEST:]))):
        named = {str(key).strip().lower().replace(" ", "_"): content[key] for key in content}
        key = next((one for one in _KEYS if one in named), None)
        if key is None:
            continue
        value = named[key]
        if isinstance(value, Mapping):
            return from_json(json.dumps(value))
        if isinstance(value, str):
            alone = _ALONE.match(plain(value).strip())
            return _stated(alone) if alone else Stated("-1", None)
        if isinstance(value, bool) or not isinstance(value, int | float):
            return Stated("-1", None)
        tops = (named[top] for top in _TOPS if isinstance(named.get(top), int | float))
        return Stated(repr(value), next((float(top) for top in tops), None))
    return None


def number(text: str) -> float:
    """A number in digits or as a word; a comma before three digits parts thousands."""
    word = _VALUES.get(text.lower())
    if word is not None:
        return word
    whole, comma, part = text.partition(",")
    try:
        return float(whole + ("" if len(part) == 3 else "." if comma else "") + part)
    except ValueError:
        return -1.0


def _is_whole(text: str) -> bool:
    return not {".", ",", "e"} & set(text.lower()) or text.lower() in _VALUES


def _repeats(echo: re.Match[str]) -> bool:
    return bool(echo["word"]) or echo[0].startswith("(") or number(echo["top"]) == HIGHEST


def _objects(text: str) -> Iterator[dict[str, Any]]:
    """The JSON objects in a text, whatever stands around them."""
    decoder, end = json.JSONDecoder(), 0
    for opening in islice(re.finditer(r'\{\s{0,20}"', text), OBJECTS):
        if opening.start() < end:
            continue
        try:
            content, end = decoder.raw_decode(text, opening.start())
        except (ValueError, RecursionError):
            continue
        if isinstance(content, dict):
            yield content


def _last(pattern: re.Pattern[str], flat: str) -> re.Match[str] | None:
    """The last match that is a mark: `Verdict: 0 errors` counts something else, and on the line
    behind its label a mark stands alone."""
    found = [
        match
        for match in pattern.finditer(flat)
        if not _COUNTED.match(flat, match.end())
        and ("\n" not in match[0] or _REST.match(flat, match.end()))
    ]
    return found[-1] if found else None


def _stated(match: re.Match[str]) -> Stated:
    if match["percent"]:
        return Stated(match["value"], 100.0)
    return Stated(match["value"], number(match["of"]) if match["of"] else None)


def _unambiguous(match: re.Match[str], flat: str, highest: float) -> float | None:
    """The mark of a match; None where another number follows at once, as in `7 or 8`."""
    return None if _RANGE.match(flat, match.end()) else _stated(match).share(highest)


def _closing(line: str, highest: float) -> float | None:
    """The only number with its scale on a closing line that is not about the answer itself."""
    if _MATHS.search(line):
        return None
    found = [m for m in _ANYWHERE.finditer(line) if m["of"] and number(m["of"]) == highest]
    return _unambiguous(found[0], line, highest) if len(found) == 1 else None


def _place(number: str, among: int) -> int | None:
    place = int(number) - 1
    return place if 0 <= place < among else None


def places(numbers: Sequence[str], among: int) -> list[int] | None:
    """Positions from 0, each at its first mention; None where one is beyond the last and so may
    have stood for another."""
    found = [_place(one, among) for one in numbers]
    known = list(dict.fromkeys(one for one in found if one is not None))
    return known if None not in found or len(known) == among else None
