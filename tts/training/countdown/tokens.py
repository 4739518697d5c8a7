"""The tokenizer of the countdown models: numbers below 100, with and without a space, and words are one token."""

from __future__ import annotations

import string

from tokenizers import AddedToken, Regex, Tokenizer, decoders
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Split

from tts.training.architecture import SPECIALS, UNKNOWN

_WORDS = ("\n\n", " | left", " | answer", " =", " +", " -", " *", " /", "Make", " from")
_NUMBERS = tuple(space + str(number) for space in ("", " ") for number in range(100))
_CHARACTERS = tuple(string.ascii_letters + string.punctuation + " \n")
_PATTERN = r"\n\n| \| left| \| answer| =| [-+*/]|Make| from| ?(?<![0-9])[0-9]{1,2}(?![0-9])|[\s\S]"
VOCABULARY = 304


def build_countdown_tokenizer() -> Tokenizer:
    """The special tokens of every shipped model, then the words, the numbers, single characters."""
    pieces = (*SPECIALS, *_WORDS, *_NUMBERS, *_CHARACTERS)
    model = WordLevel({piece: index for index, piece in enumerate(pieces)}, unk_token=UNKNOWN)
    tokenizer = Tokenizer(model)
    tokenizer.pre_tokenizer = Split(Regex(_PATTERN), behavior="isolated")
    tokenizer.decoder = decoders.Fuse()
    tokenizer.add_special_tokens(
        [AddedToken(special, special=True, normalized=False) for special in SPECIALS]
    )
    return tokenizer
