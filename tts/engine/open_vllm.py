"""Models in vLLM, by name."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import yaml
from msgspec.structs import replace

from tts.backends.embedded.model import EMBEDDED_NAMES, model_folder
from tts.backends.vllm import VLLMGenerator, VLLMSettings, require_vllm
from tts.backends.vllm.device import ModelNeed, device_bytes, memory_plan, on_cpu
from tts.backends.vllm.folder import model_need
from tts.backends.vllm.settings import IN_PROCESS
from tts.errors import BadInput, UnknownName, UsageError
from tts.options import SessionOptions
from tts.protocols import Generator

OPTIONS = ("profile", "dtype", "context", "memory", "eager", "unseeded")
EMBEDDED = replace(IN_PROCESS, max_tokens=160, verifier="vllm-prm:embedded/prm")
"""What suits the shipped models."""
_SPECS = ("vllm:", "vllm-prm:")


@dataclass(frozen=True)
class ModelSpec:
    """A folder or hub name, and the options written behind it: `NAME?dtype=float32&eager=1`."""

    name: str
    options: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def parse(cls, text: str, *, known: tuple[str, ...]) -> ModelSpec:
        """Raises UsageError for an option that is not among the known ones."""
        name, _, query = text.partition("?")
        options = dict(parse_qsl(query, keep_blank_values=True))
        wrong = [key for key in options if key not in known]
        if wrong:
            raise UsageError(f"{text}: no option {wrong[0]!r}; known are {', '.join(known)}.")
        return cls(name, options)

    def number(self, key: str) -> float | None:
        """An option as a number; None where it is not given."""
        text = self.options.get(key)
        if text is None:
            return None
        try:
            return float(text)
        except ValueError as error:
            raise UsageError(f"{self.name}: {key}={text} is no number.") from error

    def flag(self, key: str) -> bool:
        """Whether an option is given and not switched off."""
        return self.options.get(key, "0") not in ("0", "false", "no")


async def open_vllm(name: str, options: SessionOptions) -> Generator:
    """`vllm:FOLDER_OR_NAME`, `vllm:embedded/small`; options behind `?`."""
    require_vllm()
    spec = ModelSpec.parse(name, known=OPTIONS)
    return await VLLMGenerator.open(settings(spec, options))


def settings(spec: ModelSpec, options: SessionOptions, **fields: Any) -> VLLMSettings:
    """How a model is loaded: the user's words, else what suits the device and its neighbours."""
    path = path_of(spec.name)
    dtype = spec.options.get("dtype", "float32" if on_cpu() else "auto")
    context, memory = spec.number("context"), spec.number("memory")
    neighbours = vllm_specs(options)
    share = memory or (0.9 / max(1, len(neighbours)) if not on_cpu() else None)
    return VLLMSettings(
        path=path,
        name=f"vllm:{spec.name}",
        dtype=dtype,
        context_length=None if context is None else int(context),
        block_size=32 if on_cpu() else None,
        kv_cache_bytes=cache_bytes(path, dtype, len(neighbours)) if on_cpu() else None,
        memory_share=share,
        eager=spec.flag("eager"),
        seeded=not spec.flag("unseeded"),
        **profile(spec.options.get("profile", "throughput")),
        defaults=EMBEDDED if spec.name.startswith("embedded/") else IN_PROCESS,
        **fields,
    )


def profile(name: str) -> dict[str, Any]:
    """A profile by name, or the engine arguments that `tts tune` wrote to a file."""
    if name in ("throughput", "latency"):
        return {"profile": name}
    try:
        written = yaml.safe_load(Path(name).read_text("utf-8"))
        return {"extra": dict(written["engine_arguments"])}
    except (OSError, ValueError, KeyError, TypeError, yaml.YAMLError) as error:
        raise BadInput(
            f"Profile {name!r} is neither throughput nor latency nor a file of `tts tune`: {error}"
        ) from error


def cache_bytes(path: str, dtype: str, neighbours: int) -> int | None:
    """Memory for one model's keys and values on a CPU, where vLLM would take nearly all of it."""
    folder = Path(path)
    if not folder.is_dir():
        return None
    need = model_need(folder, model_config(folder), dtype)
    alike: dict[str, ModelNeed] = {str(index): need for index in range(max(1, neighbours))}
    share = memory_plan(alike, device_bytes=device_bytes(), usable=0.6)["0"]
    return min(share.kv_cache_bytes, 256 * need.context_length * need.token_bytes)


def vllm_specs(options: SessionOptions) -> list[str]:
    """The models of a session that vLLM will hold beside one another."""
    asked = (options.model, options.verifier, *options.models.values())
    return [one for one in asked if isinstance(one, str) and one.startswith(_SPECS)]


def path_of(name: str) -> str:
    """The folder of `embedded/NAME`, anything else as it is."""
    head, _, own = name.partition("/")
    if head != "embedded":
        return name
    for known in EMBEDDED_NAMES:
        if own == known:
            return str(model_folder(known))
    raise UnknownName("embedded model", own, EMBEDDED_NAMES)


def model_config(folder: Path) -> Mapping[str, Any]:
    """`config.json`; raises UsageError where the folder has none."""
    try:
        loaded: dict[str, Any] = json.loads((folder / "config.json").read_text("utf-8"))
    except OSError as error:
        raise UsageError(
            f"{folder}: there is no config.json. A process reward model is opened from a folder; "
            "download it first."
        ) from error
    return loaded
