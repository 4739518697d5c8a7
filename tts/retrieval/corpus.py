"""What is read from files: corpora (JSONL, a JSON list, a folder of texts) with their content hash,
and demonstrations."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from hashlib import blake2b
from pathlib import Path
from typing import Any

import msgspec

from tts import facts
from tts.errors import BadInput
from tts.values import Demonstration, Document

FACTS = "facts:"
SHOWN = 32
"""Demonstrations that a generated world gives."""
ID_FIELDS = ("id", "_id", "docid", "doc_id", "passage_id", "idx")
TEXT_FIELDS = ("text", "contents", "content", "paragraph_text", "passage")
TITLE_FIELDS = ("title", "name")
SUFFIXES = (".txt", ".md", ".rst")
"""Of the files that a folder is read for."""
PASSAGE_WORDS = 200
"""A text file is cut at blank lines into passages of about so many words."""


@dataclass(frozen=True)
class Corpus:
    """Documents in their order; ids are unique."""

    documents: tuple[Document, ...]
    source: str = ""
    """Where they were read, for messages."""

    def __post_init__(self) -> None:
        if not self.documents:
            raise BadInput(f"{self.source or 'The corpus'}: holds no document.")
        seen: set[str] = set()
        for one in self.documents:
            if one.id in seen:
                raise BadInput(f"{self.source or 'The corpus'}: two documents have id {one.id!r}.")
            seen.add(one.id)

    def __len__(self) -> int:
        return len(self.documents)

    @cached_property
    def digest(self) -> str:
        """Changes with every id, title or text, and with their order."""
        digest = blake2b(digest_size=16)
        for one in self.documents:
            for part in (one.id, one.title, one.text):
                data = part.encode("utf-8", "surrogatepass")
                digest.update(len(data).to_bytes(8, "big") + data)
        return digest.hexdigest()

    @property
    def texts(self) -> list[str]:
        """What is indexed of each document."""
        return [one.whole for one in self.documents]


@contextmanager
def _readable(place: Path) -> Iterator[None]:
    """What cannot be read, or is no text, is `BadInput`."""
    try:
        yield
    except OSError as error:
        raise BadInput(f"{place}: cannot be read ({error.strerror or error}).") from error
    except UnicodeDecodeError as error:
        raise BadInput(f"{place}: is not UTF-8 ({error.reason} at byte {error.start}).") from error


def read_corpus(place: Path) -> Corpus:
    """The corpus of a path; raises `BadInput`, with file and line, for what is none.

    A JSON row needs a text (`text`, `contents`, …) and may have an id and a title. A folder gives
    its text files, in the order of their names, in passages. `facts:SEED` is what is said in a
    generated world (`tts.facts`).
    """
    if (made_up := _documents_of_world(place)) is not None:
        return Corpus(made_up, str(place))
    with _readable(place):
        if place.is_dir():
            documents = tuple(_of_folder(place))
            hint = f" (files that end in {', '.join(SUFFIXES)})"
        else:
            documents, hint = tuple(_of_file(place)), ""
    if not documents:
        raise BadInput(f"{place}: holds no document{hint}.")
    return Corpus(documents, str(place))


def _of_file(path: Path) -> Iterator[Document]:
    if path.suffix == ".json":
        yield from _of_list(path)
        return
    for number, line in _lines(path):
        yield _document(_row(path, number, line), f"{path}:{number}", str(number))


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    """Those that are not empty, by their numbers."""
    with path.open(encoding="utf-8-sig") as lines:
        yield from ((at, line) for at, line in enumerate(lines, start=1) if line.strip())


def _row(path: Path, number: int, line: str) -> Any:
    try:
        return json.loads(line)
    except (ValueError, RecursionError) as error:
        raise BadInput(f"{path}:{number}: is not JSON ({error}).") from error


def _of_list(path: Path) -> Iterator[Document]:
    try:
        rows = json.loads(path.read_text(encoding="utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise BadInput(f"{path}: is not JSON ({error}).") from error
    if not isinstance(rows, list):
        raise BadInput(f"{path}: a list of documents is needed, not a {type(rows).__name__}.")
    for number, row in enumerate(rows, start=1):
        yield _document(row, f"{path}: document {number}", str(number))


def _document(row: Any, where: str, default_id: str) -> Document:
    if not isinstance(row, Mapping):
        raise BadInput(f"{where}: a document is an object with a text.")
    text = _first(row, TEXT_FIELDS)
    if not isinstance(text, str) or not text.strip():
        raise BadInput(f"{where}: no text: one of {', '.join(TEXT_FIELDS)} is needed.")
    id, title = _first(row, ID_FIELDS), _first(row, TITLE_FIELDS)
    return Document(default_id if id is None else str(id), text, str(title or ""))


def _first(row: Mapping[str, Any], names: Iterable[str]) -> Any:
    return next((row[name] for name in names if row.get(name) is not None), None)


def _of_folder(folder: Path) -> Iterator[Document]:
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.suffix.lower() in SUFFIXES:
            name = path.relative_to(folder).as_posix()
            for number, text in enumerate(passages(path.read_text(encoding="utf-8-sig")), start=1):
                yield Document(f"{name}#{number}", text, path.stem)


def passages(text: str, words: int = PASSAGE_WORDS) -> Iterator[str]:
    """Paragraphs together, as long as they hold at most so many words; a longer one stays whole."""
    held: list[str] = []
    count = 0
    for paragraph in (part.strip() for part in text.split("\n\n")):
        length = len(paragraph.split())
        if held and count + length > words:
            yield "\n\n".join(held)
            held, count = [], 0
        if length:
            held.append(paragraph)
            count += length
    if held:
        yield "\n\n".join(held)


def read_demonstrations(path: Path) -> tuple[Demonstration, ...]:
    """One a line: `question`, `answer`, and where known `hops` (each a `question` with its
    `answer`) and `documents` (each an `id` and a `text`). Those of a generated world for
    `facts:SEED`. Raises `BadInput` with file and line."""
    if (made_up := _demonstrations_of_world(path)) is not None:
        return made_up
    with _readable(path):
        found = tuple(_demonstration(line, f"{path}:{number}") for number, line in _lines(path))
    if not found:
        raise BadInput(f"{path}: holds no demonstration.")
    return found


def _demonstration(line: str, where: str) -> Demonstration:
    try:
        return msgspec.json.decode(line, type=Demonstration)
    except msgspec.MsgspecError as error:
        raise BadInput(f"{where}: is no demonstration ({error}).") from error


def _documents_of_world(place: Path) -> tuple[Document, ...] | None:
    """All that is said in a world, for `facts:SEED`; None for any other place."""
    seed = _seed_of(place)
    return None if seed is None else facts.documents(seed)


def _demonstrations_of_world(place: Path) -> tuple[Demonstration, ...] | None:
    """Questions about a world that no problem of `facts:…` asks, of two hops and of one in turn, for
    `facts:SEED`; None for any other place. Their documents are retrieved, as for any question."""
    seed = _seed_of(place)
    if seed is None:
        return None
    pairs = zip(
        *(facts.demonstrations(seed, SHOWN // 2, hops=hops) for hops in (2, 1)), strict=True
    )
    return tuple(one for pair in pairs for one in pair)


def _seed_of(place: Path) -> int | None:
    text = str(place)
    if not text.startswith(FACTS):
        return None
    digits = text.removeprefix(FACTS)
    if not (digits.isascii() and digits.isdigit()):
        raise BadInput(f"{text}: the seed of a world is a whole number, as in facts:0.")
    return int(digits)
