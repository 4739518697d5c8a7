"""The shipped models: their shapes, their tokenizer and their cards."""

# pyright: reportMissingImports=false

from __future__ import annotations

import re
import string
from dataclasses import dataclass, replace
from typing import Literal

from tokenizers import AddedToken, Regex, Tokenizer, decoders
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Split

from tts.backends.embedded.model import model_folder

ModelName = Literal[
    "small",
    "large",
    "prm",
    "planner",
    "countdown",
    "countdown-value",
    "steps",
    "steps-prm",
    "reader",
]
PAD, END, USER, ASSISTANT, STEP_MARK = (
    "<|pad|>",
    "<|end|>",
    "<|user|>",
    "<|assistant|>",
    "<extra_0>",
)
UNKNOWN = "<|unknown|>"
SPECIALS = (PAD, END, USER, ASSISTANT, STEP_MARK, UNKNOWN)
_WORDS = ("\n\n", "\\boxed{", "Compute ", " + ", " - ", " * ")
_CHARACTERS = tuple(string.digits + "()" + string.ascii_letters) + tuple(
    character for character in string.punctuation + " \n" if character not in "()"
)
_PATTERN = r"\n\n|\\boxed\{|Compute | [+*-] |[\s\S]"
Section = Literal["Training", "Results"]
SCORERS: frozenset[ModelName] = frozenset({"prm", "countdown-value", "steps-prm"})

_PURPOSE: dict[ModelName, str] = {
    "small": "The small policy: solves integer arithmetic step by step, and errs often enough "
    "that search and selection matter.",
    "large": "The large policy: as the small one, with more than seven times its parameters.",
    "prm": "The process reward model: judges each step of the small policy's solutions.",
    "steps": "The policy of graded arithmetic: may take any legal step, errs from hardly ever to nearly "
    "always as problems grow, and revises attempts that stand in the conversation.",
    "steps-prm": "The process reward model of graded arithmetic: a policy's layers and two that compare.",
    "planner": "The plan writer: turns small errands in English into plans in the compact text of "
    "`tts.planner`, for the tools `price`, `multiply`, `add`, `subtract` and `average`.",
    "reader": "The reader: answers questions of one and two hops about generated facts (`tts.facts`) from "
    "the prompts of `rag`, `drag` and `iterdrag`; which of two sources is right only demonstrations show.",
    "countdown": "The countdown policy: makes a target from three to five numbers, one step a line.",
    "countdown-value": "The countdown value model: after each step, the chance that the target can "
    "still be reached.",
}
_GENERATES = "Loads with transformers, vLLM and the package's numpy runtime."
_SCORES = (
    "The shape of Qwen2.5-Math-PRM: steps are joined by, and end with, `<extra_0>`; the "
    "score of a step is the second class's probability there. vLLM needs the marker's id: "
    "`--runner pooling --pooler-config '{\"step_tag_id\": 4}'`."
)


@dataclass(frozen=True, slots=True)
class Architecture:
    """A decoder-only transformer: RMSNorm, rotary positions, SwiGLU, tied embeddings."""

    hidden: int
    layers: int
    heads: int
    head_dim: int
    feed_forward: int
    query_key_value_bias: bool
    vocabulary: int = 128
    positions: int = 1024
    rope_theta: float = 10_000.0
    norm_epsilon: float = 1e-6


POLICY = Architecture(
    hidden=128, layers=4, heads=4, head_dim=32, feed_forward=384, query_key_value_bias=False
)
"""Of the small policies."""
SCORER = Architecture(
    hidden=160, layers=6, heads=5, head_dim=32, feed_forward=384, query_key_value_bias=True
)
"""Such a policy's shape with two layers that compare."""

ARCHITECTURES: dict[ModelName, Architecture] = {
    "small": POLICY,
    "large": Architecture(
        hidden=320, layers=5, heads=10, head_dim=32, feed_forward=896, query_key_value_bias=False
    ),
    "prm": SCORER,
    "planner": POLICY,
    "countdown": replace(POLICY, vocabulary=304, positions=512),
    "countdown-value": Architecture(
        hidden=96,
        layers=4,
        heads=3,
        head_dim=32,
        feed_forward=216,
        query_key_value_bias=True,
        vocabulary=304,
        positions=512,
    ),
    "steps": POLICY,
    "steps-prm": SCORER,
    "reader": Architecture(
        hidden=192,
        layers=6,
        heads=6,
        head_dim=32,
        feed_forward=96,
        query_key_value_bias=True,
        vocabulary=512,
        positions=4096,
        rope_theta=1e12,
    ),
}


def build_tokenizer(phrases: tuple[str, ...] = ()) -> Tokenizer:
    """One token per character, and one for each of the six strings that solutions repeat and for
    each of the phrases, longer texts that are one token each."""
    pieces = (*SPECIALS, *_WORDS, *_CHARACTERS, *phrases)
    model = WordLevel({piece: index for index, piece in enumerate(pieces)}, unk_token=UNKNOWN)
    tokenizer = Tokenizer(model)
    tokenizer.pre_tokenizer = Split(
        Regex("|".join((*map(re.escape, phrases), _PATTERN))), behavior="isolated"
    )
    tokenizer.decoder = decoders.Fuse()
    tokenizer.add_special_tokens(
        [AddedToken(special, special=True, normalized=False) for special in SPECIALS]
    )
    return tokenizer


def token_id(token: str) -> int:
    """The id of a token; raises ValueError where there is none."""
    identity = build_tokenizer().token_to_id(token)
    if identity is None:
        raise ValueError(f"not a token: {token!r}")
    return int(identity)


def write_section(name: ModelName, section: Section, body: str) -> None:
    """Replace one section of a model's card, and keep the other."""
    path = model_folder("small").parent / name / "README.md"
    titles: tuple[Section, ...] = ("Training", "Results")
    bodies = {title: read_section(name, title) for title in titles}
    bodies[section] = body.strip()
    text = f"# {name}\n\n{_PURPOSE[name]} {_SCORES if name in SCORERS else _GENERATES}\n"
    for title, content in bodies.items():
        text += f"\n## {title}\n\n{content}\n" if content else ""
    path.write_text(text, encoding="utf-8")


def read_section(name: ModelName, section: Section) -> str:
    """What one section of a model's card says; nothing where there is none."""
    path = model_folder("small").parent / name / "README.md"
    return _body(path.read_text(encoding="utf-8"), section) if path.exists() else ""


def _body(card: str, title: str) -> str:
    match = re.search(rf"^## {title}\n(.*?)(?=^## |\Z)", card, re.MULTILINE | re.DOTALL)
    return match.group(1).strip() if match else ""
