"""Files of demonstrations."""

from __future__ import annotations

from pathlib import Path

import pytest

from tts.errors import BadInput
from tts.retrieval import read_demonstrations
from tts.values import Hop


def test_hops_and_documents_are_read(tmp_path: Path) -> None:
    place = tmp_path / "shots.jsonl"
    place.write_text(
        '{"question": "q", "answer": "a", "hops": [{"question": "h", "answer": "b"}],'
        ' "documents": [{"id": "1", "text": "t"}], "source": "somewhere"}\n'
    )
    [shot] = read_demonstrations(place)
    assert shot.hops == (Hop("h", "b"),) and shot.documents[0].text == "t"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "holds no demonstration"),
        ('{"question": "q"}', ":1: is no demonstration"),
        ("{", ":1:"),
    ],
)
def test_what_is_none_is_told_with_its_line(tmp_path: Path, content: str, said: str) -> None:
    place = tmp_path / "shots.jsonl"
    place.write_text(content)
    with pytest.raises(BadInput, match=said):
        read_demonstrations(place)
