"""A question as sub-questions with slots for earlier answers: read from a model's text, or by rules."""

from __future__ import annotations

import re

from msgspec import Struct

SLOT = re.compile(r"#(\d+)")
"""`#1` stands for the answer to the first sub-question (Trivedi et al. 2022)."""
_NUMBERED = re.compile(r"^\W*(?:q(?:uestion)?\s*)?(\d+)\W+(.*\w.*)$", re.IGNORECASE)

_LINK = "(?:of|the|and|de|la|von|in|for|a|to|with|by)"
_NAME = (
    r"(?:#\d+|(?:the\s+)?[A-Z0-9][\w.'’&-]*"
    rf"(?:,?\s+(?:{_LINK}\s+){{0,2}}[A-Z0-9][\w.'’&-]*)*)"
)
"""A name, or the answer to an earlier sub-question."""
_PLAIN = "(?!(?:of|in|for|from|by|on|at|to|with|the|a|an|who|that|which|where|when|is|was)\\b)"
_KIND = rf"(?:{_PLAIN}[a-z][\w-]*\s+){{0,3}}?{_PLAIN}[a-z][\w-]*"
_OF = re.compile(rf"\b(?:[Tt]he|an?)\s+({_KIND})\s+(of|for|from|by)\s+({_NAME})(?!\w)")
_CLAUSE = re.compile(
    rf"\b(?:[Tt]he|an?)\s+({_KIND})\s+((?:in\s+|on\s+|to\s+)?(?:who|that|which|where)\s+"
    rf"[^,?#]*?{_NAME}[^,?]*)"
)
_POSSESSIVE = re.compile(rf"(?<![\w#])({_NAME})(?:['’]s|(?<=s)['’])\s+({_KIND})")
_DONE = re.compile(
    rf"\b(?:[Tt]he|an?)\s+({_KIND})\s+((?:\w+ed|written|known|born|made|sung|found|built)\s+"
    rf"(?:by|as|in|for|with|on)\s+{_NAME})"
)
_FORMS = (
    (_OF, "Who or what is the {0} {1} {2}?"),
    (_CLAUSE, "Which {0} is it {1}?"),
    (_POSSESSIVE, "Who or what is the {1} of {0}?"),
    (_DONE, "Which {0} was {1}?"),
)


SHORTEST = 10
"""Letters that have to be left of a question."""


class SubQuestion(Struct, frozen=True):
    """A question whose slots are filled before it is asked."""

    text: str

    @property
    def needs(self) -> tuple[int, ...]:
        """Places of the sub-questions whose answers it has slots for, from 0."""
        return tuple(sorted({int(number) - 1 for number in SLOT.findall(self.text)}))

    def filled(self, answers: dict[int, str]) -> str:
        """With the answers, by place, in its slots."""
        return SLOT.sub(lambda slot: answers.get(int(slot[1]) - 1, slot[0]), self.text)


def read_sub_questions(text: str, most: int) -> tuple[SubQuestion, ...]:
    """The numbered lines of a reply, `most` at most; none where there is none.

    A slot may name an earlier line alone: one that cannot be filled ends the list before it.
    """
    said = text.rpartition("</think>")[2]
    found: list[SubQuestion] = []
    for line in said.splitlines():
        match = _NUMBERED.match(line)
        if match is None:
            continue
        one = SubQuestion(match[2].strip(" *_`\"'"))
        if len(found) == most or any(not 0 <= need < len(found) for need in one.needs):
            break
        found.append(one)
    return tuple(found)


def by_rules(question: str, most: int) -> tuple[SubQuestion, ...]:
    """Sub-questions without a model: what a description names is asked first, from the inside out,
    and stands as a slot in what is left (`the director of X` is `who is the director of X`).

    The question itself, with its slots, is the last one; alone where no rule applies.
    """
    found: list[SubQuestion] = []
    rest = question.strip()
    while len(found) < most - 1 and (step := _innermost(rest)) is not None:
        start, end, asked = step
        found.append(SubQuestion(asked))
        rest = f"{rest[:start]}#{len(found)}{rest[end:]}"
    return (*found, SubQuestion(rest))


def _innermost(rest: str) -> tuple[int, int, str] | None:
    """Where the last description of a name stands, and the question that it answers."""
    offers = [
        (match.start(), match.end(), form.format(*match.groups()))
        for pattern, form in _FORMS
        for match in pattern.finditer(rest)
        if match.end() - match.start() < len(rest) - SHORTEST
    ]
    return max(offers, key=lambda one: (one[0], -one[1]), default=None)
