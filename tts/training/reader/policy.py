"""Train the reader: python -m tts.training.reader.policy --seed 0 --steps 340."""

# pyright: reportMissingImports=false

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from pathlib import Path

import torch
from tokenizers import Tokenizer
from torch import Tensor

from tts.training.architecture import (
    ARCHITECTURES,
    ASSISTANT,
    END,
    PAD,
    USER,
    token_id,
    write_section,
)
from tts.training.command import by_steps
from tts.training.descent import IGNORED, Batches, descend
from tts.training.network import Network, save_model_folder
from tts.training.reader.built import build
from tts.training.reader.lessons import Lesson, Lessons, Size
from tts.training.reader.tokens import (
    BETWEEN_EXAMPLES,
    LINE,
    QUESTION,
    TEMPLATE,
    build_reader_tokenizer,
)

_RATE = 1.5e-3
_ROWS, _GROUP = 16, 4
"""Lessons of a step, and how many of like length are computed together."""


def train(seed: int, steps: int, work: Path) -> None:
    """Train what is not built on generated lessons, and save the folder."""
    torch.manual_seed(seed)
    network = Network(ARCHITECTURES["reader"])
    tokenizer = build_reader_tokenizer()
    build(network, tokenizer)
    place = work / f"reader-{seed}-{steps}.pt"
    batches = _batches(tokenizer, seed, steps)
    facts = descend(network, batches, rate=_RATE, steps=steps, checkpoint=place, orthogonal=False)
    weights = {f"model.{name}": tensor for name, tensor in network.state_dict().items()}
    save_model_folder("reader", ARCHITECTURES["reader"], weights, tokenizer, template=TEMPLATE)
    write_section(
        "reader",
        "Training",
        "Half built: a part of the embeddings and thirteen of 36 heads are "
        "written down in `tts.training.reader.built` and stay so; all else begins at random and is "
        f"trained on generated conversations (`tts.training.reader.lessons`), {_ROWS} new ones every step in "
        "worlds of their own, loss on answers and on lines of transcripts, by AdamW alone at a rate "
        f"of {_RATE:g} at its highest. Seed {seed}: {facts}.",
    )


def size_at(progress: float) -> tuple[Size, Size]:
    """Of lessons of many questions, and of the others: they grow over the first half."""
    grown = min(1.0, 2 * progress)
    many = Size(documents=2 + round(8 * grown), questions=3 + round(2 * grown), demonstrations=0)
    return many, Size(documents=2 + round(8 * grown), questions=1, demonstrations=round(3 * grown))


def _batches(tokenizer: Tokenizer, seed: int, steps: int) -> Batches:
    step = 0
    while True:
        lessons = Lessons(random.Random(f"facts/training/{seed}/{step}"))
        many, one = size_at(step / steps)
        drawn = [lessons.many(many) for _ in range(_ROWS // 4)]
        drawn += [lessons.drag(one) for _ in range(_ROWS // 4)]
        drawn += [lessons.iterdrag(one) for _ in range(_ROWS // 2)]
        yield list(_groups([encoded(tokenizer, lesson) for lesson in drawn]))
        step += 1


Row = tuple[list[int], list[bool]]
"""Ids, and of each whether it is judged."""


def encoded(tokenizer: Tokenizer, lesson: Lesson) -> Row:
    """A conversation, judged on its reply and on what stands behind every question before it."""
    instruction, asked = lesson.messages
    before = tokenizer.encode(f"{instruction.content}{USER}{asked.content}{ASSISTANT}")
    after = tokenizer.encode(lesson.reply + END)
    judged = [*_answers(before.tokens), *(True for _ in after.ids)]
    return [*before.ids, *after.ids], judged


def _answers(tokens: Sequence[str]) -> Iterator[bool]:
    """Whether a token of a prompt stands in an answer, or in a line of a transcript."""
    asked = told = False
    for token in tokens:
        if token == QUESTION:
            asked, told = True, False
        elif token in (BETWEEN_EXAMPLES, ASSISTANT):
            asked = told = False
        yield told
        told = told or (asked and token == LINE)


def _groups(rows: list[Row]) -> Iterator[tuple[Tensor, Tensor]]:
    """Rows of like length, padded: (inputs, targets), both (rows, tokens)."""
    ordered = sorted(rows, key=lambda row: len(row[0]))
    for start in range(0, len(ordered), _GROUP):
        group = ordered[start : start + _GROUP]
        longest = len(group[-1][0]) - 1
        inputs = torch.full((len(group), longest), token_id(PAD))
        targets = torch.full((len(group), longest), IGNORED)
        for place, (ids, judged) in enumerate(group):
            known = torch.tensor(ids)
            inputs[place, : len(ids) - 1] = known[:-1]
            kept = torch.where(torch.tensor(judged[1:]), known[1:], IGNORED)
            targets[place, : len(ids) - 1] = kept
        yield inputs, targets


def main() -> None:
    """Read the command line and train."""
    by_steps(__doc__, train)


if __name__ == "__main__":
    main()
