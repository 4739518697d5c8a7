from __future__ import annotations

import json
import shutil
from pathlib import Path

from tts.backends.embedded.model import EmbeddedModel, model_folder
from tts.backends.vllm.folder_facts import model_need, parameter_count, weights_digest


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
