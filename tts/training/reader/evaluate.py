"""Measure the reader: python -m tts.training.reader.evaluate --lessons 200."""

from __future__ import annotations

import argparse
import asyncio
import logging
import random
from collections.abc import Sequence
from statistics import fmean

from tts.backends.embedded.generator import EmbeddedGenerator
from tts.backends.embedded.model import EmbeddedModel
from tts.protocols import GenerateRequest, Meter
from tts.training.architecture import write_section
from tts.training.reader.lessons import Lesson, Lessons, Size
from tts.values import Sampling

_LOG = logging.getLogger(__name__)
SIZES: dict[str, Size] = {
    "few documents": Size(documents=4, questions=1, demonstrations=0),
    "few documents, up to 3 demonstrations": Size(documents=4, questions=1, demonstrations=3),
    "up to 40 documents": Size(documents=40, questions=1, demonstrations=0),
}


async def results(count: int, seed: int) -> str:
    """A Markdown table: the share of replies that are right to the letter."""
    generator = EmbeddedGenerator(EmbeddedModel.shipped("reader"))
    lines = [
        f"{count} lessons of a kind (seed {seed}, of none that was trained on), greedy: the share of",
        "replies that are right to the letter. Where sources disagree and no demonstration says which",
        "is right, half of the answers can be.\n",
        "| what is in the prompt | answers | lines of a transcript |",
        "|---|---|---|",
    ]
    for name, size in SIZES.items():
        lessons = Lessons(random.Random(f"facts/measured/{seed}/{name}"))
        answers = await right(generator, [lessons.drag(size) for _ in range(count)])
        told = await right(generator, [lessons.iterdrag(size) for _ in range(count)])
        lines.append(f"| {name} | {answers:.3f} | {told:.3f} |")
        _LOG.info("%s", lines[-1])
    await generator.close()
    return "\n".join(lines)


async def right(generator: EmbeddedGenerator, lessons: Sequence[Lesson]) -> float:
    """The share of lessons whose reply is drawn."""

    async def one(lesson: Lesson) -> bool:
        request = GenerateRequest(
            messages=lesson.messages,
            prefix="",
            sampling=Sampling(temperature=0.0, max_tokens=24),
            seeds=(0,),
        )
        reply = await generator.generate(request, Meter())
        [drawn] = reply.completions
        return drawn is not None and drawn.text == lesson.reply

    return fmean(await asyncio.gather(*map(one, lessons)))


def main() -> None:
    """Read the command line, measure and write the card."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lessons", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    write_section("reader", "Results", asyncio.run(results(options.lessons, options.seed)))


if __name__ == "__main__":
    main()
