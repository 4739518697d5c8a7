"""One trial: `python -m tts.eval.tune.trial_process REQUEST RESULT`, two JSON files.

The traffic is like that of the strategies, without their decisions.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from hashlib import blake2b
from itertools import count
from pathlib import Path
from time import perf_counter

import msgspec

from tts.backends.vllm import VLLMGenerator, VLLMHeadReader, VLLMSettings
from tts.backends.vllm.engine import VLLMEngine
from tts.engine import SessionOptions
from tts.engine.model_spec import ModelSpec
from tts.engine.open_vllm import OPTIONS, PRM_OPTIONS, prm_loading, settings
from tts.eval.problems import load_problems
from tts.eval.tune.runners import TrialRequest
from tts.eval.tune.trial import Measured, WorkloadName, engine_values
from tts.protocols import GenerateRequest, Generator, MarkedRow, Meter, RowReader
from tts.values import Message, Problem, Sampling

Work = Callable[[int], Awaitable[int]]
"""Runs the workload for the given turn; returns its tokens."""
Encode = Callable[[str], Sequence[int]]

DRAWS, KEPT, ROUNDS = 16, 4, 4
DRAW_TOKENS, STEP_TOKENS, ANSWER_TOKENS = 128, 48, 32
PASSAGE_TOKENS = 3000
"""Most tokens of retrieved passages before a question."""


async def measured(asked: TrialRequest) -> Measured:
    """Load the model with the setting, warm up, and measure; raises where vLLM refuses it."""
    if asked.workload == "prm":
        return await _of_reader(asked)
    spec = ModelSpec.parse(asked.model, known=OPTIONS)
    options = SessionOptions(model=f"vllm:{asked.model}")
    generator = await VLLMGenerator.open(_set(settings(spec, options), asked))
    try:
        work = lambda turn: draw(asked.workload, generator, problems=asked.problems, turn=turn)
        return await rates(work, generator.engine, asked.repeats)
    finally:
        await generator.close()


async def _of_reader(asked: TrialRequest) -> Measured:
    spec = ModelSpec.parse(asked.model, known=PRM_OPTIONS)
    options = SessionOptions(model="embedded:small", verifier=f"vllm-prm:{asked.model}")
    loading = prm_loading(spec, options)
    reader = await VLLMHeadReader.open(_set(loading.settings, asked))
    try:
        work = lambda turn: read(
            reader, loading.tokenizer.encode, problems=asked.problems, turn=turn
        )
        return await rates(work, reader.engine, asked.repeats)
    finally:
        await reader.close()


async def rates(work: Work, engine: VLLMEngine, repeats: int) -> Measured:
    """Tokens per second of each repeat; the first turn warms up and is not counted."""
    await work(0)
    found: list[float] = []
    for turn in range(1, repeats + 1):
        await engine.llm.reset_prefix_cache()
        started = perf_counter()
        tokens = await work(turn)
        found.append(tokens / (perf_counter() - started))
    return Measured(rates=tuple(found))


def _set(chosen: VLLMSettings, asked: TrialRequest) -> VLLMSettings:
    return replace(chosen, extra={**chosen.extra, **engine_values(asked.point)})


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


def main(request: str, result: str) -> None:
    """Read a request, measure, and write what was measured."""
    asked = msgspec.json.decode(Path(request).read_bytes(), type=TrialRequest)
    Path(result).write_bytes(msgspec.json.encode(asyncio.run(measured(asked))))


if __name__ == "__main__":
    main(*sys.argv[1:])
