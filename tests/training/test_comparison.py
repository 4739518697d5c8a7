# pyright: reportMissingImports=false

from __future__ import annotations

from typing import Any

import pytest

from tts.arithmetic import generate, solution
from tts.training.architecture import ARCHITECTURES

torch = pytest.importorskip("torch", reason="training needs the extra `train`")


@pytest.fixture(scope="module")
def trunk() -> dict[str, Any]:
    """The large policy's corner: it has learnt the arithmetic, and separates steps by a line."""
    from tts.training.architecture import STEP_MARK, token_id
    from tts.training.network import Network, load_weights, narrowed

    network = Network(ARCHITECTURES["small"])
    large = load_weights("large")
    narrowed({name.removeprefix("model."): large[name] for name in large}, network)
    with torch.no_grad():
        rows = network.embed_tokens.weight
        rows[token_id(STEP_MARK)] = rows[token_id("\n\n")]
    return dict(network.state_dict())


def tokens(text: str) -> Any:
    from tts.training.architecture import build_tokenizer

    return torch.tensor([build_tokenizer().encode(text).ids])


def written(expression: str, steps: str) -> str:
    from tts.training.architecture import ASSISTANT, STEP_MARK, USER

    return f"{USER}Compute {expression}.{ASSISTANT}{steps}".replace("\n\n", STEP_MARK)


def test_the_trunk_computes_what_it_did(trunk: dict[str, Any]) -> None:
    from tts.training.comparison import compare
    from tts.training.network import Network

    text = tokens(written("3 + 4", "\\boxed{7}"))
    alone, around = Network(ARCHITECTURES["small"]), compare(trunk)
    alone.load_state_dict(trunk)
    seen: list[Any] = []
    around.block(4).register_forward_pre_hook(lambda _, given: seen.append(given[0]))
    around(text)
    states: list[Any] = []
    alone.norm.register_forward_pre_hook(lambda _, given: states.append(given[0]))
    alone(text)
    torch.testing.assert_close(seen[0][..., :128], states[0], atol=0.05, rtol=0.01)


def test_a_changed_digit_is_a_mismatch_from_there_on(trunk: dict[str, Any]) -> None:
    from tts.training.comparison import MISMATCH, compare

    network = compare(trunk)
    gaps: list[float] = []
    for problem in generate(2, 20, seed=11):
        steps = solution(problem.expression)
        at = next(place for place, letter in enumerate(steps) if letter.isdigit())
        other = str((int(steps[at]) + 1) % 10)
        changed = steps[:at] + other + steps[at + 1 :]
        right, wrong = (
            float(network(tokens(written(problem.expression, text)))[0, -1, MISMATCH].detach())
            for text in (steps, changed)
        )
        gaps.append(wrong - right)
    assert sum(gap > 0 for gap in gaps) >= 19
