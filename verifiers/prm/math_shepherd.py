"""Math-Shepherd."""

from __future__ import annotations

import re
from collections.abc import Sequence

from tts.protocols import MarkedRow
from tts.verifiers.prm.family import Family
from tts.verifiers.prm.marked_pieces import without
from tts.verifiers.prm.prompt_tokenizer import PromptTokenizer
from tts.verifiers.prm.read_out import first_class

MARKER = "ки"
_NUMBERED = re.compile(r"\s*Step \d+:")


def mark(tokenizer: PromptTokenizer, question: str, steps: Sequence[str]) -> MarkedRow:
    """The question and numbered steps, one a line, each ending in the marker; no chat template.

    Steps without a number get one, since the model has seen no others. The text is tokenised as
    a whole: its tokenizer puts a blank before whatever is tokenised alone.
    """
    begin = () if tokenizer.begin is None else (tokenizer.begin,)
    lines = "\n".join(_worded(step, number) for number, step in enumerate(steps, start=1))
    text = f"{without(question, MARKER)} {lines}" if steps else without(question, MARKER)
    ids = (*begin, *tokenizer.encode(text))
    marker = tokenizer.encode(f" {MARKER}")[-1]
    return MarkedRow(ids, tuple(at for at, token in enumerate(ids) if token == marker))


def _worded(step: str, number: int) -> str:
    text = without(step, MARKER).strip()
    numbered = text if _NUMBERED.match(text) else f"Step {number}: {text}"
    return f"{numbered} {MARKER}"


FAMILY = Family(
    name="math-shepherd",
    models=("math-shepherd",),
    source="Wang et al. 2024, Math-Shepherd, section 3; model card",
    head="labels",
    mark=mark,
    read=first_class,
    aggregate="min",
    marker="▁ки",
    labels=("▁+", "▁-"),
    separator="\n",
    routes=("pooling", "token_logprobs"),
)
