"""Generators and process reward models of vLLM by name: in this process, or served by another."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec
import yaml

from tts.answers import TASKS
from tts.backends.embedded.model import EMBEDDED_NAMES, model_folder
from tts.backends.secret import Secret
from tts.backends.vllm import (
    VLLMClassifyReader,
    VLLMGenerator,
    VLLMHeadReader,
    VLLMLabelReader,
    VLLMServerReader,
    VLLMSettings,
    require_vllm,
)
from tts.backends.vllm.engine import IN_PROCESS
from tts.backends.vllm.folder import (
    ModelNeed,
    device_bytes,
    memory_plan,
    model_need,
    on_cpu,
    renamed_folder,
)
from tts.backends.weight_files import parameter_count, weights_digest
from tts.engine.model_spec import ModelSpec
from tts.errors import BadInput, UnknownName, UsageError
from tts.options import SessionOptions
from tts.protocols import Generator, RowReader
from tts.run import Verifier
from tts.values import Model
from tts.values.places import user_cache

if TYPE_CHECKING:
    from tts.verifiers.prm import Family, FolderTokenizer, PromptTokenizer


OPTIONS = ("profile", "dtype", "context", "memory", "eager", "unseeded")
EMBEDDED = msgspec.structs.replace(IN_PROCESS, max_tokens=160, verifier="vllm-prm:embedded/prm")
"""What suits the shipped models."""
_SPECS = ("vllm:", "vllm-prm:")


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


PRM_OPTIONS = (*OPTIONS, "family")

SERVER_OPTIONS = ("url", "served", "route", "family")

ROUTES = ("pooling", "classify", "logprobs")


async def open_vllm_prm(name: str, options: SessionOptions, generator: Generator) -> Verifier:
    """`vllm-prm:FOLDER`, `vllm-prm:embedded/prm`; the family follows from the name or `family=`.

    Raises BadInput where the folder's head or vocabulary is not the family's.
    """
    require_vllm()
    from tts.verifiers import ProcessReward
    from tts.verifiers.prm import FamilyScorer

    loading = prm_loading(ModelSpec.parse(name, known=PRM_OPTIONS), options)
    reader = await VLLMHeadReader.open(loading.settings)
    scorer = FamilyScorer(loading.family, tokenizer=loading.tokenizer, reader=reader)
    render = TASKS["arithmetic"].render
    rule = options.aggregate or loading.family.aggregate
    return ProcessReward(scorer, render=render, aggregate=rule)


class PRMLoading(NamedTuple):
    """What a process reward model is opened with."""

    family: Family
    tokenizer: FolderTokenizer
    settings: VLLMSettings


def prm_loading(spec: ModelSpec, options: SessionOptions) -> PRMLoading:
    """Raises BadInput where the folder's head or vocabulary is not its family's."""
    from tts.verifiers.prm.model_folder import vllm_overrides

    path, config, family, tokenizer = prm_folder(spec)
    overrides = vllm_overrides(family, config)
    chosen = settings(spec, options, runner="pooling", overrides=overrides)
    if family.tensors:
        chosen = replace(chosen, path=str(under_known_names(path, family.tensors)))
    return PRMLoading(family, tokenizer, chosen)


class PRMFolder(NamedTuple):
    """A reward model on disk whose head and vocabulary are those of its family."""

    path: Path
    config: Mapping[str, Any]
    family: Family
    tokenizer: FolderTokenizer


def prm_folder(spec: ModelSpec, family: Family | None = None) -> PRMFolder:
    """A folder of this family, else of the one that its name or architecture tells.

    Raises BadInput where its head or vocabulary is not the family's.
    """
    from tts.verifiers.prm import FolderTokenizer, check_model, family_of

    path = Path(path_of(spec.name))
    config = model_config(path)
    architecture = str((config.get("architectures") or [""])[0])
    asked = spec.options.get("family", "")
    family = family or family_of(spec.name, architecture=architecture, name=asked)
    tokenizer = FolderTokenizer(path)
    check_model(family, name=spec.name, config=config, tokenizer=tokenizer)
    return PRMFolder(path, config, family, tokenizer)


def under_known_names(folder: Path, names: Mapping[str, str]) -> Path:
    """A copy, in the user's cache, of a model whose head vLLM knows by another name."""
    copy = user_cache() / "tts-engine" / f"{folder.name}-{weights_digest(folder)}"
    whole = copy.with_suffix(".whole")
    if not whole.exists():
        renamed_folder(folder, copy, names=names)
        whole.touch()
    return copy


async def open_vllm_server_prm(
    name: str, options: SessionOptions, generator: Generator
) -> Verifier:
    """`vllm-server-prm:FOLDER?url=http://host:8000/v1`; the folder's tokenizer, the server's head.

    `served`: the model's name on the server, else the folder's. `route`: pooling, classify or
    logprobs, else the family's own. `family=outcome` reads one score of the whole answer. Raises
    BadInput where the folder's head or vocabulary is not the family's.
    """
    from tts.verifiers import OutcomeReward, ProcessReward
    from tts.verifiers.prm import FamilyScorer
    from tts.verifiers.prm.families import OUTCOME

    spec = ModelSpec.parse(name, known=SERVER_OPTIONS)
    whole = spec.options.get("family") == OUTCOME.name
    folder, config, family, tokenizer = prm_folder(spec, OUTCOME if whole else None)
    model = Model(
        name=spec.options.get("served", spec.name),
        revision=weights_digest(folder),
        parameters=parameter_count(folder),
        context_length=config.get("max_position_embeddings"),
    )
    reader = reader_for(spec, options, family, tokenizer, model)
    scorer = FamilyScorer(family, tokenizer=tokenizer, reader=reader)
    render = TASKS["arithmetic"].render
    if whole:
        return OutcomeReward(scorer, render=render)
    return ProcessReward(scorer, render=render, aggregate=options.aggregate or family.aggregate)


def reader_for(
    spec: ModelSpec,
    options: SessionOptions,
    family: Family,
    tokenizer: PromptTokenizer,
    model: Model,
) -> RowReader:
    """The way to the head; raises UsageError for a route that there is not."""
    url = spec.options.get("url", options.base_url)
    if not url:
        raise UsageError(f"vllm-server-prm:{spec.name}: add ?url=http://HOST:8000/v1.")
    key = options.key(url)
    secret = Secret(key) if key else None
    route = spec.options.get("route", default_route(family))
    if route == "logprobs":
        labels = [tokenizer.token_id(label) for label in family.labels]
        known = [label for label in labels if label is not None]
        if len(known) != family.outputs:
            raise UsageError(f"{family.name} models have no label tokens for route=logprobs.")
        return VLLMLabelReader(model, labels=known, base_url=url, api_key=secret)
    if route == "classify":
        return VLLMClassifyReader(model, base_url=url, api_key=secret)
    if route == "pooling":
        return VLLMServerReader(model, base_url=url, api_key=secret)
    raise UsageError(f"No route {route!r}; known are {', '.join(ROUTES)}.")


def default_route(family: Family) -> str:
    """Label heads are language models, so that completions serve them as they are published."""
    if "classify_server" in family.routes:
        return "classify"
    return "logprobs" if family.head == "labels" else "pooling"
