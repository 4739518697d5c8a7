"""A model folder under other tensor names."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path

_INDEX = "model.safetensors.index.json"


def renamed_folder(source: Path, target: Path, *, names: Mapping[str, str]) -> Path:
    """`source` with some of its tensors under other names, in `target`.

    Heads that their authors published under names of their own become those that vLLM looks for.
    Only the headers of the weight files are rewritten; everything else is copied.
    """
    target.mkdir(parents=True, exist_ok=True)
    for path in sorted(one for one in source.iterdir() if one.is_file()):
        if path.suffix == ".safetensors":
            _rename_tensors(path, target / path.name, names)
        elif path.name == _INDEX:
            _rename_index(path, target / path.name, names)
        else:
            shutil.copyfile(path, target / path.name)
    return target


def _rename_tensors(source: Path, target: Path, names: Mapping[str, str]) -> None:
    with source.open("rb") as old, target.open("wb") as new:
        header = json.loads(old.read(int.from_bytes(old.read(8), "little")))
        renamed = json.dumps({names.get(name, name): value for name, value in header.items()})
        encoded = renamed.encode() + b" " * (-len(renamed.encode()) % 8)
        new.write(len(encoded).to_bytes(8, "little") + encoded)
        shutil.copyfileobj(old, new, 1 << 24)


def _rename_index(source: Path, target: Path, names: Mapping[str, str]) -> None:
    index = json.loads(source.read_text("utf-8"))
    index["weight_map"] = {
        names.get(name, name): file for name, file in index["weight_map"].items()
    }
    target.write_text(json.dumps(index), "utf-8")
