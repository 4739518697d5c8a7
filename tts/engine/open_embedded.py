"""Models that this process runs itself: the shipped ones by name, others by their folder."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tts.engine.model_spec import ModelSpec
from tts.errors import UnknownName, UsageError
from tts.options import SessionOptions
from tts.protocols import Defaults, Generator

OPTIONS = ("context", "memory")
FOLDER = Defaults(max_tokens=512, sheds_load=False)
"""What suits a model of a folder: every draw holds the room that it may come to need."""


async def open_embedded(name: str, options: SessionOptions) -> Generator:
    """`embedded:small`, `embedded:steps` and the other policies; `embedded:planner` writes plans,
    `embedded:reader` answers from documents.

    `embedded:FOLDER` is any model of the Llama or Qwen2 shape in Hugging Face's form. Behind `?`:
    `context`, the most tokens of prompt and answer, and `memory`, the share of the free memory
    that keys and values may take.
    """
    from tts.backends.embedded.generator import EmbeddedGenerator
    from tts.backends.embedded.model import POLICIES, EmbeddedModel

    for policy in POLICIES:
        if name == policy:
            return EmbeddedGenerator(EmbeddedModel.shipped(policy))
    return _of_folder(ModelSpec.parse(name, known=OPTIONS), POLICIES)


def _no_model(name: str, known: Sequence[str]) -> UsageError:
    if "/" not in name:
        return UnknownName("embedded model", name, known)
    what = "a file, not a folder" if Path(name).expanduser().exists() else "not there"
    told = f"embedded:{name}: {name} is {what}."
    if name.endswith(".gguf"):
        told += f" Make a folder of it: python -m tts.training.dequantise {name} FOLDER"
    return UsageError(told)


def _of_folder(spec: ModelSpec, shipped: Sequence[str]) -> Generator:
    from tts.backends.embedded.folder import EmbeddedConfig, Weights
    from tts.backends.embedded.generator import EmbeddedGenerator
    from tts.backends.embedded.model import EmbeddedModel
    from tts.backends.embedded.room import SHARE, free_bytes, room_for

    folder = Path(spec.name).expanduser()
    if not folder.is_dir():
        raise _no_model(spec.name, shipped)
    context, share = spec.number("context"), spec.number("memory")
    if context is not None and context < 1:
        raise UsageError(f"embedded:{spec.name}: context={context:g} holds no token.")
    if share is not None and not 0 < share < 1:
        raise UsageError(f"embedded:{spec.name}: memory={share:g} is no share between 0 and 1.")
    room = room_for(
        folder,
        EmbeddedConfig.load(folder),
        Weights.load(folder).parameters,
        free=free_bytes(),
        context=None if context is None else int(context),
        share=share or SHARE,
    )
    embedded = EmbeddedModel.load(folder, f"embedded:{spec.name}", context=room.context)
    return EmbeddedGenerator(
        embedded,
        rows=room.rows,
        prefix_tokens=room.prefix_tokens,
        tokens=room.tokens,
        defaults=FOLDER,
    )
