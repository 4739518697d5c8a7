"""The heads that the reader begins with: it is built to find a fact, and then trained.

A question's relation and person stand side by side, as they do in a statement, so a fact is found by
matching two earlier tokens at once (induction heads, Olsson et al. 2022). Trained from random
weights, networks of this size take longer to come to that than a processor core has. So the
embeddings and six kinds of heads are written down here, each in one layer:

    0  shifts        every position gets the tokens one to four places back
    1  witness       at an answer: which source said it
    2  trust         at a question mark: the sources of the answers before
    3  first hop     at a question mark: who is (relation, person), rather by a trusted source
    4  second hop    there: who is (outer relation, first hop), where there is one
    5  lines         three places on, what the question mark has found; in a sub-question, whom it
                     asks for

What is written down stays as it is. Everything else, the other heads and the feed-forward layers, begins
at random and is trained: what to say when, how to decompose a question, when to stop.
"""

# pyright: reportMissingImports=false

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import sqrt
from operator import itemgetter

import torch
from tokenizers import Tokenizer
from torch import Tensor
from torch.nn import functional

from tts.facts.language import NAMES, RELATIONS, SOURCES
from tts.strategies.retrieval.iterdrag import ASK
from tts.strategies.retrieval.prompts import KNOW, READ
from tts.strategies.retrieval.self_ask import PREFIXES
from tts.training.architecture import ASSISTANT
from tts.training.network import Attention, Network
from tts.training.reader.tokens import LABELS, PAUSE

BLOCK = 32
IDENTITY, BACK, FOUND = 0, (1, 2, 3, 4), 5
"""Parts of the residual: what stands here, one to four places back, what was found."""
RELATION = range(8)
NAME = range(8, 22)
IS, SOURCE, BEHIND, LABEL, FIRST, ASKS, FOLLOW, ASKED = range(22, 30)
OTHER = range(30, 32)
"""Dimensions of a part: one for each relation, a code of names, and marks of single tokens."""
STILL = (*range(4, 16), *range(20, 32))
"""Dimensions of a head that rotary positions turn by nearly nothing."""
TURNING, SHARPNESS = 4, 10.0
"""Pairs that tell distances apart, and their length in a bias."""
LEVEL = 6.2
"""Length of a part of the residual behind a norm, where five are in use."""
NAMED, RELATED, MARK, SINK, TRUST = 1.9, 2.4, 3.6, 13.4, 1.6
"""Gains of queries and keys: a name and a relation that have to agree, a token that has to be there,
the place that is looked at where not both agree, the source."""
NOISE, FAINT = 0.01, 0.1
"""Of embeddings, and how much of their usual size the other weights begin with."""
ASKING, RECENT = 2.4, 3
"""Gain of a question mark for a sub-question, and the pair by which a nearer one counts for more."""
ROUNDS = 400
"""In which names part from each other."""

Reads = Sequence[tuple[int, int, float]]
"""Part of the residual, dimension in it, gain: one for each dimension of a head, from the first."""


@dataclass(frozen=True, slots=True)
class Head:
    """One head of an attention, whose weights are written."""

    attention: Attention
    place: int

    def rows(self, weight: Tensor) -> Tensor:
        """Its part of a projection to queries, keys or values, (BLOCK, …)."""
        return weight[self.place * BLOCK : (self.place + 1) * BLOCK]

    def shift(self, places: int, theta: float) -> None:
        """Look so many tokens back, whatever stands there."""
        for projection, turned in ((self.attention.q_proj, -places), (self.attention.k_proj, 0)):
            self.rows(projection.weight).zero_()
            self.rows(projection.bias).copy_(_turned(turned, theta))

    def match(self, query: Reads, key: Reads, always: Mapping[int, float] | None = None) -> None:
        """Look where what is read of both agrees; `always`: of the query, whatever stands there."""
        for projection, reads in ((self.attention.q_proj, query), (self.attention.k_proj, key)):
            self.rows(projection.weight).zero_()
            self.rows(projection.bias).zero_()
            _read(self.rows(projection.weight), reads, STILL)
        for dimension, value in (always or {}).items():
            self.rows(self.attention.q_proj.bias)[STILL[dimension]] = value

    def carry(self, reads: Reads, part: int, dimensions: Sequence[int], gain: float) -> None:
        """Write what is read there to dimensions of a part here."""
        self.rows(self.attention.v_proj.weight).zero_()
        _read(self.rows(self.attention.v_proj.weight), reads, range(BLOCK))
        out = self.rows(self.attention.o_proj.weight.T)
        out.zero_()
        for place, dimension in enumerate(dimensions):
            out[place, part * BLOCK + dimension] = gain

    def keep(self) -> None:
        """Let no training change it."""
        projections = (self.attention.q_proj, self.attention.k_proj, self.attention.v_proj)
        for parameter in (part for one in projections for part in (one.weight, one.bias)):
            _keep(parameter, self.rows)
        _keep(self.attention.o_proj.weight, lambda weight: self.rows(weight.T))


def _keep(parameter: Tensor, part: Callable[[Tensor], Tensor]) -> None:
    """Let gradients of a part of a parameter be none."""

    def without(gradient: Tensor) -> Tensor:
        left = gradient.clone()
        part(left).zero_()
        return left

    parameter.register_hook(without)


def _read(weight: Tensor, reads: Reads, into: Sequence[int]) -> None:
    for place, (part, dimension, gain) in zip(into, reads, strict=False):
        weight[place, part * BLOCK + dimension] += gain


def _turned(places: int, theta: float) -> Tensor:
    """The fastest pairs, turned as rotary positions turn them over so many places."""
    angles = places / theta ** (torch.arange(0, BLOCK, 2, dtype=torch.float32) / BLOCK)
    lengths = torch.where(torch.arange(BLOCK // 2) < TURNING, SHARPNESS, 0.0)
    return torch.cat((lengths * angles.cos(), lengths * angles.sin()))


def build(network: Network, tokenizer: Tokenizer) -> None:
    """Write the embeddings and the heads into a network of random weights."""
    with torch.no_grad():
        for place in range(network.shape.layers):
            block = network.block(place)
            block.mlp.down_proj.weight.mul_(FAINT)
            block.self_attn.o_proj.weight.mul_(FAINT)
        _embed(network.embed_tokens.weight, tokenizer)
        theta = network.shape.rope_theta
        heads = [Head(network.block(layer).self_attn, 0) for layer in range(network.shape.layers)]
        whole = range(BLOCK)
        for places in BACK:
            shift = Head(heads[0].attention, places - 1)
            shift.shift(places, theta)
            shift.carry(_of(IDENTITY, whole, 1), places, whole, 1 / sqrt(network.shape.hidden))
        _build_trust(heads[1], heads[2])
        _build_hops(heads[3], heads[4])
        said = [Head(heads[5].attention, place) for place in range(5)]
        _build_lines(said, theta)
    for head in (*heads, *said[1:], *(Head(heads[0].attention, places - 1) for places in BACK[1:])):
        head.keep()
    _keep(network.embed_tokens.weight, lambda weight: weight[:, :BLOCK])


def _of(part: int, dimensions: Sequence[int], gain: float) -> list[tuple[int, int, float]]:
    return [(part, dimension, gain) for dimension in dimensions]


def _build_trust(witness: Head, trust: Head) -> None:
    """An answer looks for itself behind an `is`; a question mark looks at the answers before it."""
    names = _of(IDENTITY, NAME, NAMED)
    witness.match(names, [*names, (BACK[0], IS, MARK)], {len(NAME): MARK})
    witness.carry([(BACK[3], SOURCE, 1)], FOUND, [SOURCE], 1 / LEVEL)
    trust.match([], [(BACK[0], BEHIND, MARK), (BACK[1], LABEL, MARK)], {0: MARK, 1: MARK})
    trust.carry([(FOUND, SOURCE, 1)], BACK[3], [SOURCE], 1 / LEVEL)


def _build_hops(first: Head, second: Head) -> None:
    """A question mark looks for the value of a relation and a person; what is found counts as the
    person of the second hop, and that outweighs it."""
    key = [
        *_of(BACK[2], RELATION, RELATED),
        *_of(BACK[1], NAME, NAMED),
        (BACK[3], SOURCE, TRUST),
        (BACK[0], IS, MARK),
    ]
    trusted = (BACK[3], SOURCE, TRUST)
    always = {len(key) - 1: MARK}
    inner = [*_of(BACK[1], RELATION, RELATED), *_of(BACK[0], NAME, NAMED), trusted]
    outer = [*_of(BACK[2], RELATION, RELATED), *_of(FOUND, NAME, NAMED), trusted]
    first.match(inner, key, always)
    first.carry(_of(IDENTITY, NAME, 1), FOUND, NAME, 1 / LEVEL)
    second.match(outer, key, always)
    for head, share in ((first, 0.8), (second, 1.0)):
        keys = head.rows(head.attention.k_proj.weight)
        keys[STILL[len(key) - 1], IDENTITY + FIRST] = share * SINK
    second.carry(_of(IDENTITY, NAME, 1), FOUND, NAME, 2.5 / LEVEL)


def _build_lines(said: Sequence[Head], theta: float) -> None:
    """What is said is what was found or answered three tokens back; a sub-question asks for the
    inner relation of the person at the question mark just before it, and otherwise, behind an
    answer, for the outer relation of the question and for that answer."""
    reply, inner, person, outer, ask = said
    reply.shift(3, theta)
    reply.carry(_of(FOUND, NAME, 1), IDENTITY, NAME, 1.6)
    _read(reply.rows(reply.attention.v_proj.weight), _of(IDENTITY, NAME, 1), range(BLOCK))
    inner.shift(4, theta)
    inner.carry(_of(BACK[1], RELATION, 1), IDENTITY, RELATION, 2.4)
    person.shift(5, theta)
    person.carry(_of(IDENTITY, NAME, 1), IDENTITY, NAME, 1.6)
    _read(person.rows(person.attention.v_proj.weight), _of(BACK[0], NAME, 1), range(BLOCK))
    outer.match([(IDENTITY, ASKS, ASKING)] * 2, [(IDENTITY, ASKED, ASKING)], {2: MARK})
    keys = outer.rows(outer.attention.k_proj.weight)
    for dimension in RELATION:
        keys[STILL[1], BACK[2] * BLOCK + dimension] = ASKING
    keys[STILL[2], IDENTITY + FIRST] = SINK
    for projection in (outer.attention.q_proj, outer.attention.k_proj):
        outer.rows(projection.bias)[RECENT] = SHARPNESS
    outer.carry(_of(BACK[2], RELATION, 1), IDENTITY, RELATION, 1.2)
    ask.shift(1, theta)
    ask.carry([(IDENTITY, FOLLOW, 1)], IDENTITY, [ASKS], 8.0)


def _embed(weight: Tensor, tokenizer: Tokenizer) -> None:
    """Codes of length one: relations at right angles, names as far from each other as they may be,
    marks of their own."""
    weight.mul_(NOISE / weight.std())
    marks = {" is ": (IS, 1.0), SOURCES[0] + ": ": (SOURCE, 1.0), SOURCES[1] + ": ": (SOURCE, -1.0)}
    marks |= dict.fromkeys((PAUSE, ASSISTANT), (BEHIND, 0.7))
    marks |= {token: (LABEL, 0.7) for token in LABELS if token != PREFIXES["follow_up"]}
    marks |= {"Who is ": (ASKS, 1.0), PREFIXES["follow_up"]: (FOLLOW, 1.0), "?": (ASKED, 1.0)}
    marks |= dict.fromkeys((READ, KNOW, ASK), (FIRST, 1.0))
    marks |= {f"the {one} of ": (RELATION[at], 1.0) for at, one in enumerate(RELATIONS)}
    names = dict(zip(NAMES, _spread(len(NAMES), len(NAME)), strict=True))
    for token, index in sorted(tokenizer.get_vocab().items(), key=itemgetter(1)):
        dimension, size = marks.get(token, (0, 0.0))
        weight[index, dimension] += size
        if token in names:
            weight[index, NAME.start : NAME.stop] += names[token]
        elif size < 1:
            drawn = functional.normalize(torch.randn(len(OTHER)), dim=0)
            weight[index, OTHER.start : OTHER.stop] += sqrt(1 - size**2) * drawn


def _spread(count: int, dimensions: int) -> Tensor:
    """Directions that repel each other, (count, dimensions), each of length one."""
    codes = functional.normalize(torch.randn(count, dimensions), dim=1)
    for _ in range(ROUNDS):
        near = (codes @ codes.T - 2 * torch.eye(count)) / 0.05
        pushed = codes - 0.05 * near.softmax(dim=1) @ codes
        codes = functional.normalize(pushed, dim=1)
    return codes
