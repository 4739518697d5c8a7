"""The tokenizer of the reader: a name, a relation, a source, a label of a prompt is one token.

So are the three instructions of the strategies. Whatever else is written in ASCII is read letter by
letter.
"""

from __future__ import annotations

import re
import string

from tokenizers import AddedToken, Regex, Tokenizer, decoders
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Split

from tts.facts.language import NAMES, RELATIONS, SOURCES
from tts.strategies.retrieval.iterdrag import ASK
from tts.strategies.retrieval.prompts import ANSWER, KNOW, READ
from tts.strategies.retrieval.self_ask import PREFIXES
from tts.training.architecture import ASSISTANT, END, SPECIALS, UNKNOWN, USER

RANKS = 128
"""Documents with a rank up to this have it as one token."""
QUESTION, LINE, PAUSE = "Question:", "\n", " "
BETWEEN_EXAMPLES = "\n\n\n"
LABELS = (ANSWER, *PREFIXES.values())
_PHRASES = (
    *(READ, KNOW, ASK, BETWEEN_EXAMPLES, "\n\n", "Documents:\n", QUESTION, *LABELS),
    *("Who is ", " is "),
    *(f"{source}: " for source in SOURCES),
    *(f"the {relation} of " for relation in RELATIONS),
    *(f"[{rank}] " for rank in range(1, RANKS + 1)),
    *NAMES,
)
_CHARACTERS = tuple(string.digits + string.ascii_letters + string.punctuation + " \n")
VOCABULARY = 512
TEMPLATE = (
    "{% for m in messages %}"
    "{% if m.role == 'system' %}{{ m.content }}"
    "{% elif m.role == 'user' %}" + USER + "{{ m.content }}"
    "{% elif m.role == 'assistant' %}" + ASSISTANT + "{{ m.content }}"
    "{% if not (loop.last and continue_final_message) %}" + END + "{% endif %}"
    "{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}" + ASSISTANT + "{% endif %}"
)
"""Unlike that of the other shipped models, it shows the instruction."""


def build_reader_tokenizer() -> Tokenizer:
    """The special tokens of every shipped model, then the phrases, then single characters."""
    pieces = (*SPECIALS, *_PHRASES, *_CHARACTERS)
    model = WordLevel({piece: index for index, piece in enumerate(pieces)}, unk_token=UNKNOWN)
    tokenizer = Tokenizer(model)
    longest_first = sorted(_PHRASES, key=len, reverse=True)
    pattern = "|".join((*map(re.escape, longest_first), r"[\s\S]"))
    tokenizer.pre_tokenizer = Split(Regex(pattern), behavior="isolated")
    tokenizer.decoder = decoders.Fuse()
    tokenizer.add_special_tokens(
        [AddedToken(special, special=True, normalized=False) for special in SPECIALS]
    )
    return tokenizer
