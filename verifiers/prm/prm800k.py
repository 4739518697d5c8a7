"""Models in the style of PRM800K: a document with a question and a solution."""

from __future__ import annotations

from collections.abc import Sequence

from tts.protocols import MarkedRow
from tts.verifiers.prm.family import Family
from tts.verifiers.prm.prompt_tokenizer import PromptTokenizer
from tts.verifiers.prm.read_out import first_class


def mark(tokenizer: PromptTokenizer, question: str, steps: Sequence[str]) -> MarkedRow:
    """`# Question`, `# Solution`, steps that each end in a blank line; read at its last token.

    A blank line ends a token in these vocabularies, so that the ids of a beginning are the
    beginning of the ids.
    """
    begin = () if tokenizer.begin is None else (tokenizer.begin,)
    text = f"# Question\n\n{question}\n\n# Solution\n\n"
    ids, marks = (*begin, *tokenizer.encode(text)), []
    for step in steps:
        text += f"{step}\n\n"
        ids = (*begin, *tokenizer.encode(text))
        marks.append(len(ids) - 1)
    return MarkedRow(ids, tuple(marks))


FAMILY = Family(
    name="prm800k",
    models=("llemma-7b-prm",),
    source="Sun et al. 2024, Easy-to-Hard Generalization; labels after Lightman et al. 2023",
    head="labels",
    mark=mark,
    read=first_class,
    aggregate="prod",
    labels=("+", "-"),
    routes=("pooling", "token_logprobs"),
)
