"""The embedded folders as vLLM loads them for measurements."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

from tts.backends.embedded.model import EmbeddedName, model_folder
from tts.backends.vllm import VLLMSettings

KV_BYTES = 1 << 30
BLOCK = 32
UNUSED = 5
"""An id that the policy never draws."""


def embedded_settings(name: EmbeddedName, **fields: Any) -> VLLMSettings:
    """A shipped model in float32, with small cache blocks."""
    chosen: dict[str, Any] = {
        "path": str(model_folder(name)),
        "name": f"vllm:embedded/{name}",
        "dtype": "float32",
        "block_size": BLOCK,
        "kv_cache_bytes": KV_BYTES,
    }
    return VLLMSettings(**(chosen | fields))


def endless_folder(target: Path) -> Path:
    """A copy of the small policy whose draws never end by themselves."""
    folder = Path(shutil.copytree(model_folder("small"), target))
    for file in ("config.json", "generation_config.json"):
        path = folder / file
        content = json.loads(path.read_text("utf-8")) | {"eos_token_id": UNUSED}
        path.write_text(json.dumps(content), "utf-8")
    return folder
