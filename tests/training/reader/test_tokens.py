"""The reader's tokens: one for each word of a fact, and none of them unknown."""

from __future__ import annotations

from tts.facts import documents, generate
from tts.strategies.retrieval.iterdrag import ASK
from tts.strategies.retrieval.prompts import KNOW, READ, block
from tts.training.architecture import UNKNOWN
from tts.training.reader.tokens import VOCABULARY, build_reader_tokenizer


def test_a_statement_has_six_tokens() -> None:
    tokens = build_reader_tokenizer().encode("Herald: the mentor of Bara is Sovo.").tokens
    assert tokens == ["Herald: ", "the mentor of ", "Bara", " is ", "Sovo", "."]


def test_an_instruction_is_one_token() -> None:
    tokenizer = build_reader_tokenizer()
    assert [len(tokenizer.encode(one).ids) for one in (ASK, READ, KNOW)] == [1, 1, 1]


def test_a_prompt_and_any_other_text_are_read_without_unknown_tokens() -> None:
    tokenizer = build_reader_tokenizer()
    text = block(documents(0)[:200], generate(4, 1, 0)[0].prompt, "Intermediate answer: none")
    assert UNKNOWN not in tokenizer.encode(text + "\n Write x = {1, 2} ~ 'y'!").tokens


def test_the_pieces_fit_the_vocabulary() -> None:
    assert build_reader_tokenizer().get_vocab_size() <= VOCABULARY
