from __future__ import annotations

from pathlib import Path

import numpy as np
from safetensors.numpy import load_file, save_file

from tts.backends.vllm.renamed_folder import renamed_folder


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
