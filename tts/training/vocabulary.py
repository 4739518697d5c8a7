"""The tokenizer of the shipped models."""

from __future__ import annotations

import string

from tokenizers import AddedToken, Regex, Tokenizer, decoders
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Split

PAD, END, USER, ASSISTANT, STEP_MARK = (
    "<|pad|>",
    "<|end|>",
    "<|user|>",
    "<|assistant|>",
    "<extra_0>",
)
_UNKNOWN = "<|unknown|>"
_SPECIALS = (PAD, END, USER, ASSISTANT, STEP_MARK, _UNKNOWN)
_WORDS = ("\n\n", "\\boxed{", "Compute ", " + ", " - ", " * ")
_CHARACTERS = tuple(string.digits + "()" + string.ascii_letters) + tuple(
    character for character in string.punctuation + " \n" if character not in "()"
)
_PATTERN = r"\n\n|\\boxed\{|Compute | [+*-] |[\s\S]"


def build_tokenizer() -> Tokenizer:
    """One token per character, and one for each of the six strings that solutions repeat."""
    pieces = (*_SPECIALS, *_WORDS, *_CHARACTERS)
    model = WordLevel({piece: index for index, piece in enumerate(pieces)}, unk_token=_UNKNOWN)
    tokenizer = Tokenizer(model)
    tokenizer.pre_tokenizer = Split(Regex(_PATTERN), behavior="isolated")
    tokenizer.decoder = decoders.Fuse()
    tokenizer.add_special_tokens(
        [AddedToken(special, special=True, normalized=False) for special in _SPECIALS]
    )
    return tokenizer


def token_id(token: str) -> int:
    """The id of a token; raises ValueError where there is none."""
    identity = build_tokenizer().token_to_id(token)
    if identity is None:
        raise ValueError(f"not a token: {token!r}")
    return int(identity)
