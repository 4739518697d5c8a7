"""Traffic like that of the strategies, without their decisions."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from hashlib import blake2b
from itertools import count
from typing import Literal

from tts.eval.problems import load_problems
from tts.protocols import GenerateRequest, Generator, MarkedRow, Meter, RowReader
from tts.values import Message, Problem, Sampling

WorkloadName = Literal["best_of_n", "beam", "rag", "prm"]
UNITS: dict[WorkloadName, str] = {
    "best_of_n": "drawn tokens/s",
    "beam": "drawn tokens/s",
    "rag": "read and drawn tokens/s",
    "prm": "tokens of scored texts/s",
}
"""What the throughput of each workload counts."""

DRAWS, KEPT, ROUNDS = 16, 4, 4
DRAW_TOKENS, STEP_TOKENS, ANSWER_TOKENS = 128, 48, 32
PASSAGE_TOKENS = 3000
"""Most tokens of retrieved passages before a question."""

Encode = Callable[[str], Sequence[int]]


async def draw(workload: WorkloadName, generator: Generator, *, problems: int, turn: int) -> int:
    """Run a workload that draws, all problems at once; returns the tokens that `UNITS` counts.

    Another `turn` has other draws of the same prompts.
    """
    asked = load_problems(f"arithmetic:n={problems},seed=7")
    kinds = {"best_of_n": _best_of_n, "beam": _beam, "rag": _rag}
    run = kinds[workload]
    return sum(await asyncio.gather(*(run(generator, asked, one, turn) for one in asked)))


async def read(reader: RowReader, encode: Encode, *, problems: int, turn: int) -> int:
    """Score growing solutions, as the verifier of a beam search does; tokens of all texts."""
    asked = load_problems(f"arithmetic:n={problems},seed=7")
    return sum(await asyncio.gather(*(_scored(reader, encode, one, turn) for one in asked)))


async def _best_of_n(
    generator: Generator, all_: Sequence[Problem], problem: Problem, turn: int
) -> int:
    replies = [
        _drawn(generator, problem.prompt, "", DRAW_TOKENS, _seed(problem, turn, place))
        for place in range(DRAWS)
    ]
    return sum(tokens for _, tokens, _ in await asyncio.gather(*replies))


async def _beam(generator: Generator, all_: Sequence[Problem], problem: Problem, turn: int) -> int:
    """Rounds of steps; which partial texts are kept is their hash's choice, not a verifier's."""
    live, total, serial = [""], 0, count()
    for _ in range(ROUNDS):
        replies = await asyncio.gather(
            *(
                _drawn(
                    generator,
                    problem.prompt,
                    prefix,
                    STEP_TOKENS,
                    _seed(problem, turn, next(serial)),
                    stop=("\n\n",),
                )
                for prefix in live
                for _ in range(DRAWS // len(live))
            )
        )
        total += sum(tokens for _, tokens, _ in replies)
        going = {text for text, _, ended in replies if not ended}
        live = sorted(going, key=lambda text: blake2b(text.encode()).digest())[:KEPT]
        if not live:
            break
    return total


async def _rag(generator: Generator, all_: Sequence[Problem], problem: Problem, turn: int) -> int:
    """Passages that most questions share, then the question, and a few short answers."""
    room = min((generator.model.context_length or 4096) * 2 // 3, PASSAGE_TOKENS)
    text = f"{turn}"
    for passage in (one.prompt for _ in count() for one in all_):
        longer = f"{text}\n{passage}"
        if generator.count_prompt((Message("user", f"{longer}\n{problem.prompt}"),), "") > room:
            break
        text = longer
    prompt = f"{text}\n{problem.prompt}"
    replies = await asyncio.gather(
        *(
            _drawn(generator, prompt, "", ANSWER_TOKENS, _seed(problem, turn, place))
            for place in range(KEPT)
        )
    )
    read_tokens = KEPT * generator.count_prompt((Message("user", prompt),), "")
    return read_tokens + sum(tokens for _, tokens, _ in replies)


async def _drawn(
    generator: Generator,
    prompt: str,
    prefix: str,
    tokens: int,
    seed: int,
    *,
    stop: tuple[str, ...] = (),
) -> tuple[str, int, bool]:
    """The whole text so far, the tokens that were drawn, and whether the text has ended."""
    request = GenerateRequest(
        messages=(Message("user", prompt),),
        prefix=prefix,
        sampling=Sampling(temperature=1.0, max_tokens=tokens, stop=stop),
        seeds=(seed,),
    )
    reply = await generator.generate(request, Meter())
    found = reply.completions[0]
    if found is None:
        return prefix, 0, True
    return prefix + found.text, found.completion_tokens, found.stop is None


async def _scored(reader: RowReader, encode: Encode, problem: Problem, turn: int) -> int:
    total, serial = 0, count()
    live = [tuple(encode(f"{turn} {problem.prompt}\n\n"))]
    marks: tuple[int, ...] = ()
    for _ in range(ROUNDS):
        step = [
            ids + tuple(encode(_step(_seed(problem, turn, next(serial)))))
            for ids in live
            for _ in range(DRAWS // len(live))
        ]
        shortest = min(map(len, step))
        marks = (*marks, shortest - 1)
        await asyncio.gather(*(reader.read(MarkedRow(ids, marks)) for ids in step))
        total += sum(map(len, step))
        live = [ids[:shortest] for ids in step[:KEPT]]
    return total


def _step(seed: int) -> str:
    """A step of about thirty tokens that no other has."""
    digits = [int(letter, 16) for letter in f"{seed:08x}"]
    return " + ".join(map(str, digits)) + f" = {sum(digits)}\n\n"


def _seed(problem: Problem, turn: int, place: int) -> int:
    digest = blake2b(f"{problem.id}|{turn}|{place}".encode(), digest_size=4).digest()
    return int.from_bytes(digest) >> 1
