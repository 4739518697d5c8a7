"""What keys, reservations and bills are made of stays, for every operation that asks a generator."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from tts.answers import TASKS
from tts.backends.scripted import ScriptedGenerator
from tts.planner.execution.streaming import StreamedGeneration
from tts.protocols import Draw, Meter
from tts.run import Generation
from tts.values import Candidate, Capabilities, Message, Model, Problem, Sampling, Usage
from tts.verifiers.asking import Asking
from tts.verifiers.critique import Critiquing, Question
from tts.verifiers.judge import PointwiseWording

PROBLEM = Problem(id="p", prompt="What is six times seven?", task="arithmetic")
SAMPLING = Sampling(temperature=0.5, max_tokens=20, logprobs=3)
STARTED = Candidate(problem=PROBLEM, text="six and\n\n", key="k", completion_tokens=4)
TALK = (Message("system", "Be brief."), Message("user", "Say two words."))
USED = Usage(calls=1, prompt_tokens=9, completion_tokens=7, reasoning_tokens=3)


def generation(generator: Any) -> Generation:
    return Generation(generator, task=TASKS["arithmetic"], problem=PROBLEM, replicate=2)


def asking(generator: Any) -> Asking:
    return Asking(generator, wording=PointwiseWording(), sampling=SAMPLING)


def critiquing(generator: Any) -> Critiquing:
    return Critiquing(generator, sampling=SAMPLING, checks=True)


def writing(generator: Any) -> StreamedGeneration:
    return StreamedGeneration(generator, role="plan", timeout=60.0)


Made = Callable[[Any], Any]
CALLS: dict[str, tuple[Made, tuple[Any, ...]]] = {
    "draw": (generation, (PROBLEM, SAMPLING, "end")),
    "step": (generation, (STARTED, SAMPLING, "step")),
    "question": (asking, (STARTED,)),
    "question put again": (asking, ([STARTED, STARTED], "no verdict")),
    "critique": (critiquing, (Question(STARTED, 0, ()),)),
    "critique gone on with": (critiquing, (Question(STARTED, 0, (), begun="As for code"),)),
    "plan": (writing, (TALK, SAMPLING)),
}
"""By what is asked: the operation, and the arguments of a call."""

SPECS = {
    "draw": "sample/arithmetic 1 sample pure pol/v1 pol None",
    "step": "sample/arithmetic 1 sample pure pol/v1 pol None",
    "question": "judge/pointwise 2 judge pure pol/v1 pol None",
    "question put again": "judge/pointwise 2 judge pure pol/v1 pol None",
    "critique": "judge/gen-prm 1 judge pure pol/v1 pol None",
    "critique gone on with": "judge/gen-prm 1 judge pure pol/v1 pol None",
    "plan": "write/plan 1 plan pure pol/v1 pol 65.0",
}
KEYS = {
    "draw": "a903a7f28412cedb",
    "step": "008ab1e0c9ad77df",
    "question": "94d93fb4c19a33b6",
    "question put again": "0d479a64b8c39cad",
    "critique": "7e18829026e87125",
    "critique gone on with": "0c393e5b9e615603",
    "plan": "37248717c74a8060",
}
PROMPTS = {
    "draw": (6, 11),
    "step": (8, 11),
    "question": (68, 71),
    "question put again": (90, 71),
    "critique": (28, 33),
    "critique gone on with": (31, 36),
    "plan": (6, 11),
}
"""Prompt tokens at worst, and foreseen behind five tokens of open text."""
TEXT = {
    "draw": 20,
    "step": 20,
    "question": 0,
    "question put again": 0,
    "critique": 0,
    "critique gone on with": 0,
    "plan": 20,
}
REQUESTS = {
    "draw": "721655df654f8db5",
    "step": "3f8ba96ed7158f85",
    "question": "60341926adb89d82",
    "question put again": "5b078cbc089d1350",
    "critique": "5ac3507bc2a300b5",
    "critique gone on with": "24c81701e26663fc",
    "plan": "bde7ff146d504055",
}


def generator(*, bills_once: bool = False) -> ScriptedGenerator:
    able = Capabilities(n=True, prefill=True, logprobs=True, bills_prompt_once=bills_once)
    model = Model(name="pol", revision="v1", parameters=10)
    return ScriptedGenerator(lambda *_: "so \\boxed{42}", model=model, capabilities=able)


def made(what: str, **how: Any) -> tuple[Any, tuple[Any, ...]]:
    make, args = CALLS[what]
    return make(generator(**how)), args


def digest(value: Any) -> str:
    return hashlib.sha256(msgspec.json.encode(value, order="deterministic")).hexdigest()[:16]


def charge(prompt: int, completion: int, reasoning: int) -> Usage:
    return Usage(
        calls=1,
        prompt_tokens=prompt,
        completion_tokens=completion,
        reasoning_tokens=reasoning,
        flops=20 * (prompt + completion),
        gpu_microseconds=None,
    )


@pytest.mark.parametrize("what", CALLS)
def test_the_facts_of_the_operation_are_the_same(what: str) -> None:
    spec = made(what)[0].spec
    told = f"{spec.name} {spec.version} {spec.role} {spec.effect}"
    assert f"{told} {spec.model}/{spec.revision} {spec.pool} {spec.timeout}" == SPECS[what]


@pytest.mark.parametrize("what", CALLS)
def test_what_its_key_hashes_is_the_same(what: str) -> None:
    operation, args = made(what)
    assert operation.stochastic(args)
    assert digest(operation.identity(args)) == KEYS[what]


@pytest.mark.parametrize("what", CALLS)
def test_what_it_is_reserved_at_is_the_same(what: str) -> None:
    operation, args = made(what)
    worst, foreseen = PROMPTS[what]
    assert operation.worst(args, first=True) == charge(worst, 20, 20)
    assert operation.foresee(args, 5) == charge(foreseen, 20, 20)
    assert operation.max_new_tokens(args) == TEXT[what]


@pytest.mark.parametrize("what", CALLS)
def test_what_it_is_charged_is_the_same(what: str) -> None:
    operation, _ = made(what)
    assert operation.attributed(USED, first=True) == charge(9, 7, 3)


def test_a_prompt_that_is_billed_once_is_charged_to_the_first_draw() -> None:
    operation, args = made("draw", bills_once=True)
    assert operation.attributed(USED, first=False) == charge(0, 7, 3)
    assert operation.worst(args, first=False) == charge(0, 20, 20)


@pytest.mark.parametrize("what", CALLS)
def test_what_it_sends_is_the_same(what: str) -> None:
    operation, args = made(what)
    answer = asyncio.run(operation.perform(args, [Draw(3, 77)], Meter()))
    [request] = operation.generator.requests
    told = msgspec.json.encode(request, order="deterministic")
    assert digest(msgspec.Raw(told.replace(b',"fields":{}', b""))) == REQUESTS[what]
    assert (answer.billed.calls, answer.replies[0].usage.completion_tokens) == (1, 2)


@pytest.mark.parametrize("what", CALLS)
def test_an_answer_of_a_model_of_unknown_size_has_unknown_flops(what: str) -> None:
    make, _ = CALLS[what]
    unsized = ScriptedGenerator("so", model=Model(name="pol"))
    assert make(unsized).attributed(USED, first=True).flops is None
