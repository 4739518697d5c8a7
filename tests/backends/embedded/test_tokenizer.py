"""Tokens of every kind of vocabulary join to the text that was cut."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import AddedToken, Tokenizer, decoders
from tokenizers.models import BPE, WordPiece
from tokenizers.pre_tokenizers import ByteLevel

from tts.backends.embedded.draw import Draw
from tts.backends.embedded.model import model_folder
from tts.backends.embedded.tokenizer import EmbeddedTokenizer, byte_letters
from tts.errors import BadInput
from tts.values import Message, Sampling

TEMPLATE = (
    "{{ bos_token }}{% for m in messages %}{{ m['role'] }}:{{ m['content'] }}{% endfor %}"
    "{% if add_generation_prompt %}|{% endif %}"
)


class Silent:
    def grew(self, draw: Draw, text: str) -> None: ...

    def ended(self, draw: Draw, error: BaseException | None) -> None: ...


def folder_of(path: Path, tokenizer: Tokenizer, template: str = TEMPLATE) -> Path:
    path.mkdir(exist_ok=True)
    tokenizer.save(str(path / "tokenizer.json"))
    settings = {"chat_template": template, "bos_token": "<s>"}
    (path / "tokenizer_config.json").write_text(json.dumps(settings), "utf-8")
    return path


def byte_level() -> Tokenizer:
    vocabulary = {letter: index for index, letter in enumerate(byte_letters())}
    tokenizer = Tokenizer(BPE(vocabulary | {"he": 256}, [("h", "e")]))
    tokenizer.pre_tokenizer = ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens([AddedToken("<s>", special=True, normalized=False)])
    tokenizer.add_tokens([AddedToken("<tool>", special=False, normalized=False)])
    return tokenizer


def sentence_piece() -> Tokenizer:
    pieces = ["▁", "h", "e", "he", *(f"<0x{byte:02X}>" for byte in range(256))]
    vocabulary = {piece: index for index, piece in enumerate(pieces)}
    tokenizer = Tokenizer(BPE(vocabulary, [("h", "e")], byte_fallback=True))
    tokenizer.decoder = decoders.Sequence(
        [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()]
    )
    return tokenizer


def drawn(tokenizer: EmbeddedTokenizer, ids: Sequence[int]) -> str:
    draw = Draw((1,), Sampling(max_tokens=10_000), 0, Silent())
    for token in ids:
        draw.append(token, tokenizer.piece(token), is_end=False)
    return draw.text


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> EmbeddedTokenizer:
    return EmbeddedTokenizer(folder_of(tmp_path_factory.mktemp("bytes"), byte_level()))


@given(text=st.text())
def test_bytes_of_letters_join_to_the_text(small: EmbeddedTokenizer, text: str) -> None:
    text = text.replace("<s>", "").encode("utf-8", "replace").decode()
    assert drawn(small, small.encode(text)) == text


def test_a_letter_of_several_tokens_comes_with_the_last_one(small: EmbeddedTokenizer) -> None:
    ids = small.encode("a🙂")
    assert (len(ids), drawn(small, ids[:-1]), drawn(small, ids)) == (5, "a", "a🙂")


def test_special_tokens_add_no_text_and_others_are_text(small: EmbeddedTokenizer) -> None:
    ids = small.encode("<s>he<tool>")
    assert [small.name(token) for token in ids] == ["<s>", "he", "<tool>"]
    assert [small.piece(token) for token in ids] == [b"", b"he", b"<tool>"]


def test_sentence_pieces_are_spaces_letters_and_bytes(tmp_path: Path) -> None:
    tokenizer = EmbeddedTokenizer(folder_of(tmp_path, sentence_piece()))
    ids = [tokenizer.special(piece) for piece in ("▁", "he", "<0xC3>", "<0xA9>")]
    assert drawn(tokenizer, ids) == " heé"


def test_a_conversation_begins_as_the_template_says(small: EmbeddedTokenizer) -> None:
    ids = small.encode_chat([Message("user", "he")], "so")
    assert ids == small.encode("<s>user:he|so")


def test_a_template_of_its_own_file_counts(tmp_path: Path) -> None:
    folder = folder_of(tmp_path, byte_level())
    (folder / "chat_template.jinja").write_text("[{{ messages[0]['content'] }}]", "utf-8")
    tokenizer = EmbeddedTokenizer(folder)
    assert tokenizer.encode_chat([Message("user", "he")]) == tokenizer.encode("[he]")


def test_what_the_template_refuses_is_told(tmp_path: Path) -> None:
    refusing = "{{ raise_exception('no system turn') }}"
    tokenizer = EmbeddedTokenizer(folder_of(tmp_path, byte_level(), refusing))
    with pytest.raises(BadInput, match="no system turn"):
        tokenizer.encode_chat([Message("user", "he")])


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (lambda folder: (folder / "tokenizer.json").unlink(), "no tokenizer.json"),
        (lambda folder: (folder / "tokenizer.json").write_text("{"), "no tokenizer"),
        (lambda folder: folder_of(folder, byte_level(), ""), "no chat template"),
        (lambda folder: folder_of(folder, byte_level(), "{% if %}"), "template is broken"),
        (lambda folder: folder_of(folder, Tokenizer(WordPiece({"a": 0}))), "WordPiece"),
    ],
)
def test_a_folder_without_a_usable_tokenizer_is_refused(
    tmp_path: Path, spoil: object, told: str
) -> None:
    folder = Path(shutil.copytree(model_folder("small"), tmp_path / "copy"))
    assert callable(spoil)
    spoil(folder)
    with pytest.raises(BadInput, match=told):
        EmbeddedTokenizer(folder)
