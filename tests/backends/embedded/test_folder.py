"""Folders that the runtime cannot run are refused in one line; what it needs of others is read."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from safetensors.numpy import load_file, save_file

from tts.backends.embedded.folder import EmbeddedConfig
from tts.backends.embedded.model import EmbeddedModel, model_folder
from tts.backends.embedded.room import Room, room_for
from tts.errors import BadInput


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(model_folder("small"), tmp_path / "copy"))


def told(folder: Path, **fields: Any) -> None:
    path = folder / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text("utf-8")) | fields), "utf-8")


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"model_type": "gpt2"}, "model_type 'gpt2' is none of llama, qwen2"),
        ({"hidden_act": "gelu"}, "activation 'gelu'"),
        ({"rope_scaling": {"rope_type": "yarn", "factor": 4.0}}, r"scaled \(yarn\)"),
        ({"use_sliding_window": True}, "sliding window"),
        ({"quantization_config": {"bits": 4}}, "quantised"),
        ({"hidden_size": None}, "hidden_size is None"),
        ({"num_hidden_layers": 5}, "lack layers.4"),
        ({"intermediate_size": 100}, "384 × 128, config.json says 100 × 128"),
        ({"num_hidden_layers": 3}, "does not know layers.3"),
    ],
)
def test_a_model_that_would_run_wrongly_is_refused(
    folder: Path, fields: dict[str, Any], why: str
) -> None:
    told(folder, **fields)
    with pytest.raises(BadInput, match=why):
        EmbeddedModel.load(folder, "embedded:copy")


def test_a_configuration_that_is_no_object_is_refused(folder: Path) -> None:
    for content, why in (("{", "no JSON"), ("[]", "no JSON object")):
        (folder / "config.json").write_text(content, "utf-8")
        with pytest.raises(BadInput, match=why):
            EmbeddedConfig.load(folder)
    (folder / "config.json").unlink()
    with pytest.raises(BadInput, match="No such file"):
        EmbeddedConfig.load(folder)


def test_a_bias_that_the_runtime_would_leave_out_is_refused(folder: Path) -> None:
    path = folder / "model.safetensors"
    arrays = load_file(path)
    bias = {"model.layers.0.self_attn.o_proj.bias": arrays["model.norm.weight"]}
    save_file(arrays | bias, path)
    with pytest.raises(BadInput, match=r"layers\.0\.self_attn\.o_proj\.bias"):
        EmbeddedModel.load(folder, "embedded:copy")


def test_every_end_that_the_folder_names_ends_a_draw(folder: Path) -> None:
    told(folder, eos_token_id=None)
    (folder / "generation_config.json").write_text('{"eos_token_id": [1, 7]}', "utf-8")
    assert EmbeddedConfig.load(folder).end_tokens == {1, 7}


CONFIG = EmbeddedConfig.load(model_folder("small"))
"""4 KiB a token, 1,024 positions."""
MIB = 1 << 20


def test_a_quarter_of_what_the_weights_leave_is_for_keys_and_values() -> None:
    room = room_for(Path("m"), CONFIG, MIB, free=20 * MIB)
    assert room == Room(context=768, tokens=768, prefix_tokens=256)


def test_more_rows_than_a_batch_has_are_not_kept() -> None:
    room = room_for(Path("m"), CONFIG, MIB, free=1 << 40, context=100)
    assert room == Room(context=100, tokens=6400, prefix_tokens=8192)


@pytest.mark.parametrize(
    ("free", "context", "why"),
    [(3, None, "weights need 0.0 GiB"), (8, 1000, "1000 tokens needs 0.00 GiB; 192 tokens fit")],
)
def test_what_does_not_fit_is_refused(free: int, context: int | None, why: str) -> None:
    with pytest.raises(BadInput, match=why):
        room_for(Path("m"), CONFIG, MIB, free=free * MIB, context=context)
