"""The tokenizer that stands in a GGUF file's metadata, as the files of a Hugging Face folder."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tokenizers import AddedToken, Regex, Tokenizer, decoders
from tokenizers.models import BPE
from tokenizers.normalizers import NFC
from tokenizers.pre_tokenizers import ByteLevel, Digits, PreTokenizer, Sequence, Split

from tts.training.gguf_file import GGUFFile

_CONTROL, _USER_DEFINED = 3, 4
"""Types of tokens: `<|im_end|>` is the one; the other is text that is always a token of its own."""
_ENDS = ("<|im_end|>", "<|endoftext|>", "<|eot_id|>", "<|end_of_text|>")
"""Names by which llama.cpp, too, knows that a turn or a text is over."""
_WORDS = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{{L}}\p{{N}}]?\p{{L}}+|{numbers}"
    r"| ?[^\s\p{{L}}\p{{N}}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)


def _split(numbers: str) -> PreTokenizer:
    """Words with the space or sign before them, and numbers by themselves."""
    words = Split(Regex(_WORDS.format(numbers=numbers)), "isolated")
    return Sequence([words, ByteLevel(add_prefix_space=False, use_regex=False)])


def _pre_tokenizers() -> Mapping[str, PreTokenizer]:
    """By the name that llama.cpp gives a way of cutting a text before pairs are merged."""
    gpt2 = ByteLevel(add_prefix_space=False)
    return {
        "gpt-2": gpt2,
        "smollm": Sequence([Digits(individual_digits=True), gpt2]),
        "llama-bpe": _split(r"\p{N}{1,3}"),
        "qwen2": _split(r"\p{N}"),
    }


def tokenizer_of(file: GGUFFile) -> Tokenizer:
    """A byte-level BPE tokenizer; raises `BadInput` for another kind."""
    kind, cut = file.value("tokenizer.ggml.model"), file.get("tokenizer.ggml.pre") or "gpt-2"
    known = _pre_tokenizers()
    if kind != "gpt2" or cut not in known:
        raise file.wrong(
            f"its tokenizer is {kind}/{cut}; a byte-level BPE is needed (gpt2), cut as one of "
            f"{', '.join(known)}"
        )
    tokens = [str(token) for token in file.value("tokenizer.ggml.tokens")]
    merges = [pair(str(merge)) for merge in file.value("tokenizer.ggml.merges")]
    vocabulary = {token: index for index, token in enumerate(tokens)}
    tokenizer = Tokenizer(BPE(vocabulary, merges, ignore_merges=cut == "llama-bpe"))
    if cut == "qwen2":
        tokenizer.normalizer = NFC()
    tokenizer.pre_tokenizer = known[cut]
    tokenizer.decoder = decoders.ByteLevel()
    kinds = file.get("tokenizer.ggml.token_type") or []
    for wanted, special in ((_CONTROL, True), (_USER_DEFINED, False)):
        own = [token for token, one in zip(tokens, kinds, strict=False) if one == wanted]
        tokenizer.add_tokens([AddedToken(t, normalized=False, special=special) for t in own])
    return tokenizer


def pair(merge: str) -> tuple[str, str]:
    """Two pieces; the space between them is not the first character."""
    left, _, right = merge[1:].partition(" ")
    return merge[0] + left, right


def settings_of(file: GGUFFile) -> dict[str, Any]:
    """`tokenizer_config.json`: the chat template, and the special tokens by their purpose.

    Raises `BadInput` for a file without a template: a base model cannot be asked anything.
    """
    tokens = file.value("tokenizer.ggml.tokens")
    settings: dict[str, Any] = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "clean_up_tokenization_spaces": False,
        "model_max_length": int(file.shape("context_length")),
        "chat_template": str(file.value("tokenizer.chat_template")),
    }
    purposes = {"bos": "bos", "eos": "eos", "unk": "unknown", "pad": "padding"}
    for name, own in purposes.items():
        index = file.get(f"tokenizer.ggml.{own}_token_id")
        if index is not None:
            settings[f"{name}_token"] = str(tokens[int(index)])
    return settings


def ends_of(file: GGUFFile) -> list[int]:
    """Ids that end a turn or a text, the one that the file names first."""
    tokens, kinds = file.value("tokenizer.ggml.tokens"), file.get("tokenizer.ggml.token_type") or []
    named = file.get("tokenizer.ggml.eos_token_id")
    also = file.get("tokenizer.ggml.eot_token_id")
    known = [
        index
        for index, (token, kind) in enumerate(zip(tokens, kinds, strict=False))
        if kind == _CONTROL and token in _ENDS
    ]
    return list(dict.fromkeys(int(end) for end in (named, also, *known) if end is not None))
