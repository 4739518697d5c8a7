"""The text of a simulated draw."""

from __future__ import annotations

import re
from hashlib import blake2b

_PIECE = re.compile(r"\s*\S+|\s+\Z")
_WORDS = [
    "so",
    "we",
    "add",
    "the",
    "first",
    "two",
    "numbers",
    "and",
    "then",
    "take",
    "half",
    "of",
    "what",
    "is",
    "left",
    "over",
    "to",
    "find",
    "that",
    "each",
    "side",
    "must",
    "equal",
    "four",
    "times",
    "seven",
    "minus",
    "nine",
    "which",
    "gives",
    "twenty",
    "by",
    "symmetry",
]


def built_in_answer(prompt: str, seed: int, draw: int, words: int) -> str:
    """`words` words that depend on (prompt, seed, draw) alone, in steps with a boxed answer."""
    digest = blake2b(prompt.encode("utf-8", "replace"), digest_size=64, salt=_salt(seed, draw))
    chosen = digest.digest()
    written = [_WORDS[chosen[i % 64] % len(_WORDS)] for i in range(max(0, words - 4))]
    for place in range(7, len(written), 8):
        written[place] += ".\n\n"
    text = " ".join(written).replace("\n\n ", "\n\n")
    return f"{text} answer is \\boxed{{{chosen[0] % 10}}} indeed"


def pieces(text: str) -> list[str]:
    """The tokens of a text: words, each with the white space before it."""
    return _PIECE.findall(text)


def _salt(seed: int, draw: int) -> bytes:
    return (seed % (1 << 64)).to_bytes(8, "little") + draw.to_bytes(8, "little")
