"""Process reward models of vLLM, by name: in this process, or behind `vllm serve`."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from tts.answers import TASKS
from tts.backends.secret import Secret
from tts.backends.vllm import (
    VLLMClassifyReader,
    VLLMHeadReader,
    VLLMLabelReader,
    VLLMServerReader,
    VLLMSettings,
    require_vllm,
)
from tts.backends.vllm.folder import parameter_count, renamed_folder, weights_digest
from tts.engine.open_vllm import OPTIONS, ModelSpec, model_config, path_of, settings
from tts.errors import UsageError
from tts.options import SessionOptions
from tts.protocols import Generator, RowReader
from tts.run import Verifier
from tts.values import Model

if TYPE_CHECKING:
    from tts.verifiers.prm import Family, FolderTokenizer, PromptTokenizer

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
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    copy = home / "tts-engine" / f"{folder.name}-{weights_digest(folder)}"
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
