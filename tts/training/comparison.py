"""Two layers that compare each token of a solution with what a trained trunk expected there.

A reward model that is merely trained learns which steps are hard, since that predicts their labels
well enough, and hardly looks at their digits; then it cannot rank the solutions of one problem. So
the comparison is built in, and only what the trunk knows and how much a mismatch means is learnt.
"""

# pyright: reportMissingImports=false

from __future__ import annotations

import math
import string
from itertools import permutations

import torch
from torch import Tensor

from tts.training.architecture import ARCHITECTURES, ASSISTANT, END, STEP_MARK, USER, token_id
from tts.training.network import Attention, FeedForward, Network

TRUNK = ARCHITECTURES["small"]
"""The trunk's shape; its features are the first of the residual stream."""
COMPARED = tuple(map(token_id, (*string.digits, "(", ")", " + ", " - ", " * ")))
"""Tokens that a solution can get wrong."""
_ELSE = tuple(map(token_id, (STEP_MARK, "\\boxed{", "}")))
_PROMPT = tuple(map(token_id, (USER, "Compute ", ".", ASSISTANT, END)))

_W = TRUNK.hidden
_WRITTEN = slice(_W, _W + 15)
"""One-hot of the token itself, where it is a compared one."""
_BEGUN = _W + 15
"""On from the first token of the solution."""
_EXPECTED = slice(_W + 16, _W + 31)
"""Logits of the compared tokens, as the trunk had them one position earlier."""
MISMATCH = _W + 31
"""Always on; then the mismatch comes on top."""

_UNIT = 0.005
"""How large `on` is beside the trunk's features: small, so that they hardly notice."""
_LOUD = 50.0
"""Gain of the logits, which then set the root mean square of the stream, about `_LEVEL`."""
_LEVEL = 80.0
_GAIN = 400.0
"""Part of a norm's gain, to keep the matrices in the range of float16."""
_LOCK = 40.0
"""Logits by which a closed unit is held below zero."""
_MARGIN = 3.0
"""Logits by which a token must lead to cause no mismatch at all."""
_SURE = 6.0
"""Logits above the mean from which a compared token is expected rather than any other."""
_SHARP = 3.0
_LOOK_BACK = ((0, 60.0), (1, 30.0), (2, 30.0), (3, 15.0))
"""Rotary frequencies and their weights: together they peak one position back and only there."""


def compare(trunk: dict[str, Tensor]) -> Network:
    """The shape of the reward model around a trunk in its own format (steps end in markers).

    Feature `MISMATCH` of a hidden state is then about the largest mismatch so far: by how many
    logits, summed over them, other tokens were expected more than the one that was written.
    """
    network = Network(ARCHITECTURES["prm"])
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.zero_()
        _copy(trunk, network)
        _embed(network.embed_tokens.weight)
        _notice_the_beginning(network.block(0).self_attn, trunk)
        comparing, keeping = network.block(TRUNK.layers), network.block(TRUNK.layers + 1)
        _look_back(comparing.self_attn, trunk["embed_tokens.weight"])
        for on in (_WRITTEN, _BEGUN, MISMATCH):
            comparing.post_attention_layernorm.weight[on] = _GAIN
        _add_up_mismatches(comparing.mlp)
        _keep_the_largest(keeping.self_attn)
    return network


def _copy(trunk: dict[str, Tensor], network: Network) -> None:
    """The trunk in the corner; norms make up for the wider stream, over which they average."""
    wider = math.sqrt(TRUNK.hidden / network.shape.hidden)
    for name, parameter in network.named_parameters():
        if parameter.ndim == 1 and "norm" in name:
            parameter.fill_(1.0)
        source = trunk.get(name)
        if source is None or name == "norm.weight":
            continue
        corner = parameter[tuple(slice(size) for size in source.shape)]
        corner.copy_(source * wider if source.ndim == 1 else source)
    looking = network.block(TRUNK.layers).input_layernorm.weight
    looking[: TRUNK.hidden] = trunk["norm.weight"] * wider


def _embed(embeddings: Tensor) -> None:
    embeddings[:, MISMATCH] = _UNIT
    embeddings[COMPARED, torch.arange(_WRITTEN.start, _WRITTEN.stop)] = _UNIT
    # What the first layer finds at this token itself is taken off again.
    embeddings[token_id(ASSISTANT), _BEGUN] = -_UNIT


def _notice_the_beginning(attention: Attention, trunk: dict[str, Tensor]) -> None:
    """A spare head looks for the token that opens the answer."""
    width, slow = TRUNK.heads * TRUNK.head_dim, TRUNK.head_dim // 2 - 1
    used = (*COMPARED, *_ELSE, *_PROMPT)
    rows = trunk["embed_tokens.weight"][list(used)]
    normal = rows / rows.square().mean(-1, keepdim=True).sqrt()
    normal = normal * trunk["layers.0.input_layernorm.weight"]
    wanted = torch.tensor([float(token == token_id(ASSISTANT)) for token in used])
    direction = torch.linalg.pinv(normal) @ wanted
    attention.q_proj.bias[width + slow] = 10.0
    attention.k_proj.weight[width + slow, : TRUNK.hidden] = 30 * direction
    attention.v_proj.weight[width, : TRUNK.hidden] = direction
    attention.o_proj.weight[_BEGUN, width] = _UNIT


def _look_back(attention: Attention, embeddings: Tensor) -> None:
    """One head brings the logits of the position before."""
    half, scale = TRUNK.head_dim // 2, math.sqrt(TRUNK.head_dim)
    for place, weight in _LOOK_BACK:
        turn = TRUNK.rope_theta ** (-place / half)
        size = math.sqrt(weight * scale)
        attention.q_proj.bias[place] = size
        attention.k_proj.bias[place] = size * math.cos(turn)
        attention.k_proj.bias[place + half] = size * math.sin(turn)
    mean = embeddings[[*COMPARED, *_ELSE]].mean(0)
    count = len(COMPARED)
    attention.v_proj.weight[:count, : TRUNK.hidden] = embeddings[list(COMPARED)] - mean
    attention.o_proj.weight[_EXPECTED, :count] = _LOUD * torch.eye(count)


def _add_up_mismatches(mlp: FeedForward) -> None:
    """One hidden unit for each pair: the first was written, the second more expected."""
    logit, on = _LEVEL / _LOUD, _LEVEL / (_UNIT * _GAIN)
    gate, unit = mlp.gate_proj.weight, 0
    for written, expected in permutations(range(len(COMPARED)), 2):
        gate[unit, _EXPECTED.start + expected] = logit
        gate[unit, _EXPECTED.start + written] = -logit
        gate[unit, [_WRITTEN.start + written, _BEGUN]] = _LOCK * on
        gate[unit, MISMATCH] = (_MARGIN - 2 * _LOCK) * on
        unit += 1
    for expected in range(len(COMPARED)):
        gate[unit, _EXPECTED.start + expected] = logit
        gate[unit, _WRITTEN] = -_LOCK * on
        gate[unit, _BEGUN] = _LOCK * on
        gate[unit, MISMATCH] = -(_SURE + _LOCK) * on
        unit += 1
    mlp.up_proj.weight[:unit, MISMATCH] = on
    mlp.down_proj.weight[MISMATCH, :unit] = 1.0


def _keep_the_largest(attention: Attention) -> None:
    """One head attends to where the mismatch is largest, whatever the distance."""
    slow = TRUNK.head_dim // 2 - 1
    attention.q_proj.bias[slow] = 10.0
    attention.k_proj.weight[slow, MISMATCH] = _LEVEL * _SHARP / 10 * math.sqrt(TRUNK.head_dim)
    attention.v_proj.weight[0, MISMATCH] = 8.0
    attention.o_proj.weight[MISMATCH, 0] = 10.0
