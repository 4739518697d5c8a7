"""The tokenizer of a model folder, and the bytes that each of its tokens adds to a text."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from tokenizers import Tokenizer

from tts.backends.chat_template import ChatTemplate
from tts.errors import BadInput
from tts.values import Message

_SPACE = "\u2581"
"""How SentencePiece writes a space."""
_BYTE = re.compile(r"<0x([0-9A-F]{2})>")
_KNOWN = ("BPE", "WordLevel", "Unigram")


class EmbeddedTokenizer:
    """Ids of texts and conversations, and what an id adds to a text.

    Joining the bytes of the ids gives the text in UTF-8: byte-level BPE, SentencePiece's BPE with
    its bytes, and vocabularies whose tokens are the text itself, as the shipped ones are. Raises
    `BadInput` for a folder without a tokenizer or chat template, or with one of another kind.
    """

    def __init__(self, folder: Path) -> None:
        path = folder / "tokenizer.json"
        self._tokenizer = _read(path)
        self._template = ChatTemplate(folder)
        if not self._template.exists:
            raise BadInput(f"{folder}: there is no chat template, so it cannot be asked anything.")
        texts = _bytes_of(path, self._tokenizer)
        added = self._tokenizer.get_added_tokens_decoder()
        names, pieces = list[str](), list[bytes]()
        for index in range(self._tokenizer.get_vocab_size()):
            token, own = self._tokenizer.id_to_token(index) or "", added.get(index)
            piece = texts(token) if own is None else b"" if own.special else token.encode()
            pieces.append(piece)
            names.append(token if own is not None else piece.decode("utf-8", "replace"))
        self._names, self._pieces = tuple(names), tuple(pieces)

    def encode(self, text: str) -> list[int]:
        """The ids of a text; special tokens written in it are recognised."""
        return list(self._tokenizer.encode(text, add_special_tokens=False).ids)

    def encode_chat(self, messages: Sequence[Message], prefix: str = "") -> list[int]:
        """The ids of a conversation up to the assistant's turn, and of that turn so far.

        Raises `BadInput` where the template refuses the conversation.
        """
        return self.encode(self._template.render(messages, open_turn=True) + prefix)

    def piece(self, token: int) -> bytes:
        """What an id adds, perhaps a part of a letter; nothing for special and unused ids."""
        return self._pieces[token] if token < len(self._pieces) else b""

    def name(self, token: int) -> str:
        """The text of an id, special tokens by their name."""
        return self._names[token] if token < len(self._names) else ""

    def special(self, name: str) -> int:
        """The id of a special token; raises KeyError where there is none."""
        token = self._tokenizer.token_to_id(name)
        if token is None:
            raise KeyError(name)
        return int(token)


def _read(path: Path) -> Tokenizer:
    if not path.is_file():
        raise BadInput(f"{path.parent}: there is no tokenizer.json; convert the tokenizer first.")
    try:
        return Tokenizer.from_file(str(path))
    except Exception as error:
        raise BadInput(f"{path}: this is no tokenizer ({error}).") from error


def _bytes_of(path: Path, tokenizer: Tokenizer) -> Callable[[str], bytes]:
    """What turns a token into the bytes that it adds, by how the tokenizer itself decodes."""
    told: dict[str, Any] = json.loads(tokenizer.to_str())
    decoder: dict[str, Any] = told.get("decoder") or {"type": "Fuse"}
    model = told["model"]["type"]
    parts: list[dict[str, Any]] = decoder.get("decoders") or [decoder]
    kinds = [one["type"] for one in parts]
    if model not in _KNOWN:
        raise BadInput(f"{path}: a {model} tokenizer; known are {', '.join(_KNOWN)}.")
    if "ByteLevel" in kinds:
        letters = {letter: byte for byte, letter in enumerate(byte_letters())}
        return lambda token: bytes(letters[letter] for letter in token)
    if "ByteFallback" in kinds or "Metaspace" in kinds:
        return _sentence_piece
    if kinds == ["Fuse"]:
        return str.encode
    raise BadInput(f"{path}: its tokens cannot be joined to a text ({', '.join(kinds)}).")


def _sentence_piece(token: str) -> bytes:
    byte = _BYTE.fullmatch(token)
    return bytes([int(byte[1], 16)]) if byte else token.replace(_SPACE, " ").encode()


def byte_letters() -> str:
    """The letter that stands for each byte in byte-level BPE: printable ones for themselves, the
    others from U+0100 on (Radford et al., 2019)."""
    printable = {*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)}
    others = iter(range(0x100, 0x200))
    return "".join(chr(byte if byte in printable else next(others)) for byte in range(0x100))
