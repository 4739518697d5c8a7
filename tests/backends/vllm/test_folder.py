from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
from safetensors.numpy import load_file, save_file

from tts.backends.embedded.model import EmbeddedModel, model_folder
from tts.backends.vllm.folder import model_need, parameter_count, renamed_folder, weights_digest


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


def test_a_token_takes_keys_and_values_of_every_layer() -> None:
    folder = model_folder("small")
    config = json.loads((folder / "config.json").read_text("utf-8"))
    assert model_need(folder, config, "float32").token_bytes == 2 * 4 * 4 * 32 * 4


def test_tensors_keep_their_numbers_under_new_names(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.mkdir()
    head, rest = np.arange(3.0), np.ones((2, 2))
    save_file({"v_head.weight": head, "rest": rest}, source / "model.safetensors")
    (source / "config.json").write_text("{}", "utf-8")
    folder = renamed_folder(source, tmp_path / "new", names={"v_head.weight": "score.weight"})
    loaded = load_file(folder / "model.safetensors")
    assert sorted(loaded) == ["rest", "score.weight"]
    assert loaded["score.weight"].tolist() == head.tolist()
    assert (folder / "config.json").is_file()
