"""What a model says of itself decides what stands beside it, whatever it is called."""

from __future__ import annotations

import pytest

from tts.backends.scripted import ScriptedGenerator
from tts.engine import Engine, SessionOptions, open_session
from tts.executor.concurrency import AdaptiveConcurrency
from tts.protocols import Defaults
from tts.values import Model


class Told(ScriptedGenerator):
    """A generator that says what suits it."""

    def __init__(self, defaults: Defaults, name: str = "told") -> None:
        super().__init__(["\\boxed{1}"], model=Model(name=name))
        self.defaults = defaults


async def adapts(options: SessionOptions) -> bool:
    session = await open_session(options)
    await session.close()
    pool = next(iter(session.generators.values())).model.name
    return isinstance(session.limits.gate.concurrency(pool), AdaptiveConcurrency)


@pytest.mark.parametrize("name", ["plain", "llama3:8b", "embedded:small", "vllm:m"])
async def test_calls_adapt_to_a_server_whatever_its_model_is_called(name: str) -> None:
    model = ScriptedGenerator([], model=Model(name=name))
    assert await adapts(SessionOptions(model=model, verifier=None))
    assert not await adapts(SessionOptions(model=model, verifier=None, adaptive=False))


async def test_a_model_that_refuses_no_call_is_not_adapted_to() -> None:
    told = Told(Defaults(sheds_load=False))
    assert not await adapts(SessionOptions(model=told, verifier=None))
    assert not await adapts(SessionOptions(model="embedded:small", verifier=None))


async def seconds(options: SessionOptions) -> float:
    session = await open_session(options)
    await session.close()
    return session.limits.timeout


async def test_what_queues_in_this_process_is_not_given_up_as_a_silent_server_is() -> None:
    assert await seconds(SessionOptions(model="embedded:small", verifier=None)) == 86_400
    assert await seconds(SessionOptions(model=Told(Defaults(slowest=900)), verifier=None)) == 900
    assert await seconds(SessionOptions(model=Told(Defaults()), verifier=None)) == 600


async def test_the_seconds_that_the_user_names_win() -> None:
    told = SessionOptions(model="embedded:small", verifier=None, timeout=7)
    assert await seconds(told) == 7


async def test_the_length_of_a_draw_is_that_which_suits_the_model() -> None:
    for model, tokens in ((Told(Defaults(max_tokens=7)), 7), (Told(Defaults()), 2048)):
        session = await open_session(SessionOptions(model=model, verifier=None))
        assert session.sampling.max_tokens == tokens


async def test_the_length_that_the_user_names_wins() -> None:
    told = SessionOptions(model=Told(Defaults(max_tokens=7)), sampling={"max_tokens": 9})
    assert (await open_session(told)).sampling.max_tokens == 9


@pytest.mark.parametrize(("name", "beside"), [("judge:self", "pointwise:told"), ("", None)])
async def test_the_automatic_verifier_is_the_one_that_the_model_names(
    name: str, beside: str | None
) -> None:
    session = await open_session(SessionOptions(model=Told(Defaults(verifier=name))))
    assert (session.verifier and session.verifier.name) == beside


async def test_a_model_that_is_only_called_like_an_embedded_one_gets_no_verifier_of_theirs() -> (
    None
):
    model = ScriptedGenerator([], model=Model(name="embedded:mine"))
    assert (await open_session(SessionOptions(model=model))).verifier is None


async def test_a_verifier_that_holds_something_is_closed_with_the_session() -> None:
    closed: list[str] = []

    class Holding:
        name = identity = "holding"

        def score(self, candidate: object, run: object) -> None: ...

        async def close(self) -> None:
            closed.append("verifier")

    async with Engine(ScriptedGenerator(["\\boxed{1}"]), verifier=Holding()) as engine:  # type: ignore[arg-type]
        await engine.solve("1 + 0", strategy="single")
    assert closed == ["verifier"]
