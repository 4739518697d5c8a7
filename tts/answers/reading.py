"""The ways in which a task's answers may be written, and the part of a text that may hold one."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Literal

from tts.answers.boxed import last_boxed
from tts.answers.program import program_in
from tts.countdown import ended

TAIL = 4096
"""Characters at a text's end that are searched: an answer is stated there."""

_SAYS = re.compile(
    r"\b(?:answers?|(?:correct|right|best)\s+(?:option|choice))\b(?:\s(?:to|for)\s[^\n.:?]{1,80}?)?"
    r"[*_]{0,2}(?:\s+(?:is|are|must\s+be|would\s+be|will\s+be)\b(?:\s*:)?|\s*[:=])[*_]{0,2}\s*",
    re.IGNORECASE,
)
_DISPLAYS = (("\\[", "\\]"), ("$$", "$$"))
_INLINE = re.compile(r"\\\((.*)\\\)|\$([^$]*)\$", re.DOTALL)
_MARK = re.compile(
    r"\\.|\$|[(\[{]|[)\]}]|[.!?;](?=[\s*]|$)|,(?=\s)|\s(?=(?:because|since|which)\b)", re.DOTALL
)
_SMALL_TALK = re.compile(
    r",\s+(?:(?:because|since|as|so|which|where|but|not|that|thus|hence|therefore|giving|making|when"
    r"|if|for|with|while|though|although|given|rounded|i\.e)\b"
    r"|and\s+(?![A-Z0-9$\\(+-]|[a-z]\b))"
)
_ABBREVIATED = re.compile(r"(?:^|[\s.])(?:St|Mt|Dr|Mr|Mrs|Ms|Jr|Sr|Prof|vs|No|[A-Z])$")
_UNSETTLED = re.compile(
    r"(?:^|[.!?\n])\W*(?:or\s+(?:maybe|perhaps|is)|maybe|perhaps|(?:but\s+)?wait|hmm+|hold\s+on"
    r"|actually|on\s+second\s+thought|no,)\b",
    re.IGNORECASE,
)
_HASHES = re.compile(r"#{4,}\s*([^\n]+)")
_TAGS = (("<answer>", "</answer>"), ("<final_answer>", "</final_answer>"))
_DIGITS = r"(?:[0-9]{1,3}(?:,[0-9]{3})+(?![0-9])|[0-9]+)"
_DECIMAL = rf"(?:{_DIGITS}(?:\.[0-9]+)?|\.[0-9]+)"
_NUMBER = re.compile(
    r"(?:(?<![0-9A-Za-z)}])-\s?)?(?:"
    r"(?:[0-9]+\s?)?\\[dtc]?frac\s?(?:\{-?[0-9.,]+\}\s?\{[0-9.,]+\}|[0-9]\s?[0-9])"
    r"|[0-9]+\s+[0-9]+/[0-9]+"
    rf"|{_DECIMAL}(?:/{_DECIMAL}|[eE][-+]?[0-9]+|\s?(?:\\times|×)\s?10\^\{{?-?[0-9]+\}}?)?)"
)
_FILLING = re.compile(r"\\[!,;: ]|\\?\$")
_MARKS = " \t\n*_`$."

_MARKUP = re.compile(r"\\(?:text(?:bf|it|rm)?|mathrm|mathbf|boxed)\s*\{|[*`$}]|\\[()\[\]]")
_LIST = re.compile(
    r"\(?([A-Ja-j])\)?(?:\s*(?:,|;|&|,?\s*\b(?:and|or)\b)\s*\(?([A-Ja-j])\)?)+[\s.]*"
)
_ALONE = re.compile(r"\(?([A-Ja-j])[).:]{0,2}\s*")
_LISTED = re.compile(r"\(?([A-J])[).:]+\s+\S")
_NAMED = re.compile(r"\b(?:option|choice|answer)\s*\(?([A-J])\)?(?![A-Za-z0-9])", re.IGNORECASE)
_LETTER = re.compile(r"(?<![A-Za-z0-9\\'])\(?([A-J])\)?(?![A-Za-z0-9'])")
_ARTICLE = re.compile(r"(?:A|I)\s+[a-z]")
_CALLED_RIGHT = re.compile(
    r"(?<![A-Za-z0-9])\(?([A-J])\)?\s+(?:is|seems|must be)\s+(?:the\s+)?(?:correct|right|best)\b"
)
Reader = Literal[
    "tagged",
    "boxed",
    "hashes",
    "stated",
    "chosen",
    "steps",
    "last_number",
    "last_line",
    "program",
    "patch",
    "whole",
    "written",
]

MARKED: frozenset[Reader] = frozenset({"tagged", "boxed", "hashes", "stated", "chosen", "steps"})
"""Readers that find an answer only where the text says that it is one."""

THOUGHTS = (
    ("<think>", "</think>"),
    ("<thinking>", "</thinking>"),
    ("<thought>", "</thought>"),
    ("<reasoning>", "</reasoning>"),
    ("<scratchpad>", "</scratchpad>"),
    ("<seed:think>", "</seed:think>"),
    ("[THINK]", "[/THINK]"),
    ("◁think▷", "◁/think▷"),
    ("<|begin_of_thought|>", "<|end_of_thought|>"),
    ("<|channel|>analysis<|message|>", "<|channel|>final<|message|>"),
)
"""What models put around what they think, and do not mean as their answer."""


def stated_answer(text: str) -> str | None:
    r"""What follows the last "answer is", "answer:" or "correct option is", as far as it goes.

    It goes to the end of its sentence, or of its display; delimiters of mathematics and marks of
    emphasis come off. None where it is denied, asked, taken back or cut: see `is_unsettled`.
    """
    return _last_statement(text[-TAIL:])[0]


def is_unsettled(text: str) -> bool:
    """Whether the last statement of an answer is a question, is taken back, or breaks off."""
    answer, is_said = _last_statement(text[-TAIL:])
    return is_said and answer is None


def hashed_answer(text: str) -> str | None:
    """What follows the last `####`, as GSM8K writes its answers (Cobbe et al., 2021)."""
    found = _HASHES.findall(text[-TAIL:])
    return found[-1].rstrip(_MARKS).lstrip(" \t*_`$") or None if found else None


def tagged_answer(text: str) -> str | None:
    """What stands in the last `<answer>…</answer>`; None where it is empty or not closed."""
    for opening, closing in _TAGS:
        start = text.rfind(opening)
        end = text.find(closing, start)
        if 0 <= start < end:
            return text[start + len(opening) : end].strip() or None
    return None


def has_cut_tag(text: str) -> bool:
    """Whether the last `<answer>` of a text is not closed."""
    return "<" in text and any(
        text.rfind(opening) > text.rfind(closing) for opening, closing in _TAGS
    )


def last_number(text: str) -> str | None:
    """The last number of a text, a fraction as one number."""
    tail = _FILLING.sub("", text[-TAIL:].replace("{,}", ",").replace("−", "-"))
    found = _NUMBER.findall(tail)
    return re.sub(r"^-\s", "-", found[-1]) if found else None


def last_line(text: str) -> str | None:
    """The last line that is not empty; None where it asks a question."""
    lines = text[-TAIL:].strip().splitlines()
    line = lines[-1].strip().strip("*`").strip() if lines else ""
    return None if not line or line.endswith("?") else line


def written(text: str) -> str | None:
    """All of a text, for an answer that is the text, or what a line begins with `Answer:` before;
    None where it is blank."""
    return text.rpartition("\nAnswer:")[2].strip() or None


def _last_statement(text: str) -> tuple[str | None, bool]:
    """The answer that is said last, and whether any is; nothing said is no statement."""
    *_, says = (None, *_SAYS.finditer(text))
    if says is None:
        return None, False
    rest = text[says.end() :]
    if not rest.strip(_MARKS):
        return None, False
    for opening, closing in _DISPLAYS:
        if rest.startswith(opening):
            content, closed, _ = rest[len(opening) :].partition(closing)
            return (_bare(content) or None) if closed else None, True
    clause, end = _clause(rest.partition("\n")[0])
    denied = clause is None or re.match(r"not\b", clause)
    if denied or _UNSETTLED.search(rest, end):
        return None, True
    return _bare(clause or "") or None, True


def _clause(line: str) -> tuple[str | None, int]:
    """The text up to the end of its sentence, and where that is; None for a question or a cut."""
    depth, inside = 0, False
    for mark in _MARK.finditer(line):
        sign, place = mark[0], mark.start()
        if sign == "$":
            inside = not inside
        elif sign in {"\\(", "\\[", "\\{"} or sign in "([{":
            depth += 1
        elif sign in {"\\)", "\\]", "\\}"} or sign in ")]}":
            depth -= 1
        elif depth > 0 or inside or sign.startswith("\\"):
            continue
        elif sign == "?":
            return None, place
        elif _ends(line, sign, place):
            return line[:place], place
    return (line if depth <= 0 and not inside else None), len(line)


def _ends(line: str, sign: str, place: int) -> bool:
    if sign == ",":
        return _SMALL_TALK.match(line, place) is not None
    more = line[place + 1 :].strip(_MARKS)
    return not (sign == "." and more and _ABBREVIATED.search(line[:place]))


def _bare(text: str) -> str:
    """A statement without marks of emphasis and without the delimiters around all of it."""
    text = text.strip().strip("*_` \t\n").removesuffix(".").strip()
    whole = _INLINE.fullmatch(text)
    if whole and "\\(" not in (whole[1] or ""):
        text = (whole[1] if whole[1] is not None else whole[2]).strip()
    return text.strip("*` \t\n").removesuffix(".").strip()


def option(answer: str) -> str | None:
    r"""The option's letter of an answer such as `\text{(C)}` or `C. Paris`.

    Several letters in a list are all of them, in order: `A and C` is not the option A. A letter
    that is a word of its sentence (`A train …`) is none.
    """
    text = _MARKUP.sub("", answer).strip()
    if _LIST.fullmatch(text):
        return ", ".join(sorted({letter.upper() for letter in re.findall(r"\b[A-Ja-j]\b", text)}))
    if alone := _ALONE.fullmatch(text):
        return alone[1].upper()
    if named := _NAMED.search(text):
        return named[1].upper()
    letters = (found for found in _LETTER.finditer(text) if not _ARTICLE.match(text, found.start()))
    found = next(letters, None)
    return found[1] if found else None


def chosen_option(text: str) -> str | None:
    """The letter last called right, as in `(C) is correct`, or that the last line is, or begins
    with where no other line does: `C. Paris` after no list of options."""
    tail = _MARKUP.sub("", text[-TAIL:]).strip()
    if called := _CALLED_RIGHT.findall(tail):
        return str(called[-1])
    lines = tail.split("\n")
    if alone := _ALONE.fullmatch(lines[-1]):
        return alone[1].upper()
    listed = [found[1] for line in lines if (found := _LISTED.match(line.strip()))]
    return listed[0] if len(listed) == 1 and _LISTED.match(lines[-1].strip()) else None


def whole_text(text: str) -> str | None:
    """All of a text; of JSON its content, whatever the order of its keys and its white space."""
    bare = text.strip()
    if bare[:1] not in ("{", "["):
        return bare or None
    try:
        return json.dumps(json.loads(bare), sort_keys=True, ensure_ascii=False)
    except (ValueError, RecursionError):
        return bare


_EDITS = re.compile(r"^<{3,}[ \t]*SEARCH\b.*^>{3,}[ \t]*REPLACE\b[^\n]*", re.DOTALL | re.MULTILINE)
_DIFF = re.compile(r"^```(?:diff|patch)[ \t]*\n(.*?)(?:^```|\Z)", re.DOTALL | re.MULTILINE)


def patch_in(text: str) -> str | None:
    """The edits of a text in blocks of search and replacement, else its last fenced diff."""
    edits = _EDITS.search(text)
    if edits is not None:
        return edits[0] + "\n"
    diffs = _DIFF.findall(text)
    return diffs[-1] if diffs else None


READERS: dict[Reader, Callable[[str], str | None]] = {
    "tagged": tagged_answer,
    "boxed": last_boxed,
    "hashes": hashed_answer,
    "stated": stated_answer,
    "chosen": chosen_option,
    "steps": ended,
    "last_number": last_number,
    "last_line": last_line,
    "whole": whole_text,
    "program": program_in,
    "patch": patch_in,
    "written": written,
}


def spoken(text: str) -> str | None:
    """What a text says after its thoughts; None where they have not ended. Linear."""
    if "<" not in text and "THINK]" not in text and "◁" not in text:
        return text  # each mark holds one of these
    for opening, closing in THOUGHTS:
        end = text.rfind(closing)
        if text.rfind(opening) > end:
            return None
        if end >= 0:
            text = text[end + len(closing) :]
    return text
