"""What the reader begins with: heads that find facts before anything is trained."""

# pyright: reportMissingImports=false

from __future__ import annotations

import random
from typing import Any

import pytest

from tts.training.architecture import ARCHITECTURES, ASSISTANT
from tts.training.reader.lessons import Lesson, Lessons, Size
from tts.training.reader.tokens import build_reader_tokenizer

torch = pytest.importorskip("torch", reason="training needs the extra `train`")


@pytest.fixture(scope="module")
def network() -> Any:
    from tts.training.network import Network
    from tts.training.reader.built import build

    torch.manual_seed(0)
    found = Network(ARCHITECTURES["reader"])
    build(found, build_reader_tokenizer())
    return found


def reply(network: Any, lesson: Lesson) -> str:
    """The likeliest next token of a conversation."""
    instruction, asked = lesson.messages
    tokenizer = build_reader_tokenizer()
    text = f"{instruction.content}<|user|>{asked.content}{ASSISTANT}"
    with torch.no_grad():
        hidden = network(torch.tensor([tokenizer.encode(text).ids]))
        return str(tokenizer.id_to_token(int(network.logits(hidden)[0, -1].argmax())))


def test_heads_of_the_first_layer_look_one_to_four_tokens_back(network: Any) -> None:
    from tts.training.network import rotate, rotations

    shape, tokens = network.shape, 200
    first = network.block(0)
    hidden = first.input_layernorm(network.embed_tokens(torch.randint(0, 400, (1, tokens))))
    turns = rotations(tokens, shape)
    query, key = (
        rotate(part(hidden).view(tokens, shape.heads, shape.head_dim).transpose(0, 1), *turns)
        for part in (first.self_attn.q_proj, first.self_attn.k_proj)
    )
    scores = query @ key.transpose(-1, -2) / shape.head_dim**0.5
    weights = scores.masked_fill(torch.ones(tokens, tokens).triu(1).bool(), -1e9).softmax(-1)
    for head in range(4):
        assert weights[head].detach().diagonal(-(head + 1))[4:].min() > 0.8


def test_an_untrained_network_answers_most_questions_behind_demonstrations(network: Any) -> None:
    lessons = Lessons(random.Random(3))
    drawn = [lessons.drag(Size(documents=4, questions=1, demonstrations=4)) for _ in range(30)]
    assert sum(reply(network, one) == one.reply for one in drawn) >= 14


def test_names_are_no_nearer_to_each_other_than_they_have_to_be() -> None:
    from tts.training.reader.built import _spread

    torch.manual_seed(0)
    codes = _spread(240, 14)
    assert (codes @ codes.T - 2 * torch.eye(240)).max() < 0.5


def test_what_is_built_is_not_trained_and_the_rest_is(network: Any) -> None:
    from tts.training.descent import next_token

    tokens = torch.randint(0, 400, (2, 20))
    next_token(network, (tokens[:, :-1], tokens[:, 1:])).backward()
    gradient = network.block(3).self_attn.q_proj.weight.grad
    embedded = network.embed_tokens.weight.grad
    network.zero_grad()
    assert not gradient[:32].any() and gradient[32:].any()
    assert not embedded[:, :32].any() and embedded[:, 32:].any()
