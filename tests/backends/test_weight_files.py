"""Weights on disk: counted, named by what they hold, read, and refused where they are broken."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from tts.backends.embedded.model import EmbeddedModel, model_folder
from tts.backends.weight_files import parameter_count, stored_arrays, weights_digest
from tts.errors import BadInput

NUMBERS = np.array([[1.5, -2.0, 0.25]], dtype=np.float32)


def test_parameters_are_counted_from_the_headers() -> None:
    assert parameter_count(model_folder("small")) == EmbeddedModel.shipped("small").parameters


def test_a_folder_without_weights_has_an_unknown_size(tmp_path: Path) -> None:
    assert parameter_count(tmp_path) is None


def test_other_weights_are_another_revision(tmp_path: Path) -> None:
    folder = Path(shutil.copytree(model_folder("small"), tmp_path / "copy"))
    same = weights_digest(folder)
    with (folder / "model.safetensors").open("r+b") as file:
        file.seek(-1, 2)
        file.write(b"\xff")
    assert same == weights_digest(model_folder("small"))
    assert weights_digest(folder) != same


@pytest.mark.parametrize("kind", [np.float32, np.float16])
def test_an_array_is_read_in_float32(tmp_path: Path, kind: type[np.floating]) -> None:
    save_file({"other": np.zeros(3, kind), "a": NUMBERS.astype(kind)}, tmp_path / "m.safetensors")
    read = stored_arrays(tmp_path)["a"].read()
    assert read.dtype == np.float32 and read.tolist() == NUMBERS.tolist()


def test_a_bfloat16_is_the_upper_half_of_a_float32(tmp_path: Path) -> None:
    halves = (NUMBERS.view(np.uint32) >> 16).astype(np.uint16)
    told = {"a": {"dtype": "BF16", "shape": [1, 3], "data_offsets": [0, 6]}}
    header = json.dumps(told).encode()
    content = len(header).to_bytes(8, "little") + header + halves.tobytes()
    (tmp_path / "m.safetensors").write_bytes(content)
    assert stored_arrays(tmp_path)["a"].read().tolist() == NUMBERS.tolist()


def test_arrays_of_several_files_are_one_model(tmp_path: Path) -> None:
    for name in ("model-1", "model-2"):
        save_file({name: NUMBERS}, tmp_path / f"{name}.safetensors")
    assert sorted(stored_arrays(tmp_path)) == ["model-1", "model-2"]


def test_what_is_broken_is_refused_with_its_name(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="no weights"):
        stored_arrays(tmp_path)
    path = tmp_path / "m.safetensors"
    save_file({"a": NUMBERS}, path)
    whole = path.read_bytes()
    for content, told in (
        (whole[:-4], "ends before a does"),
        (whole[:20], "cut off"),
        (b"", "no safetensors"),
        (b"GGUF" + whole, "no safetensors"),
    ):
        path.write_bytes(content)
        with pytest.raises(BadInput, match=told):
            stored_arrays(tmp_path)


def test_numbers_of_another_kind_are_refused(tmp_path: Path) -> None:
    save_file({"a": np.arange(3)}, tmp_path / "m.safetensors")
    with pytest.raises(BadInput, match="a is stored as I64"):
        stored_arrays(tmp_path)
