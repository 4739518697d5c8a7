"""Reward models behind `vllm serve`, by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tts.answers import TASKS
from tts.backends.secret import Secret
from tts.backends.vllm import VLLMClassifyReader, VLLMLabelReader, VLLMServerReader
from tts.backends.vllm.folder import parameter_count, weights_digest
from tts.engine.model_spec import ModelSpec
from tts.engine.open_vllm import prm_folder
from tts.engine.options import SessionOptions
from tts.errors import UsageError
from tts.protocols import Generator, RowReader
from tts.run import Verifier
from tts.values import Model

if TYPE_CHECKING:
    from tts.verifiers.prm import Family, PromptTokenizer

OPTIONS = ("url", "served", "route", "family")
ROUTES = ("pooling", "classify", "logprobs")


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

    spec = ModelSpec.parse(name, known=OPTIONS)
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
