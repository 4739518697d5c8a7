"""One model in vLLM's asynchronous engine: its settings, vLLM's arguments, and the load of its core."""

# pyright: reportMissingImports=false, reportAttributeAccessIssue=false

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any, Literal

from tts.backends.vllm.folder import require_vllm
from tts.backends.weight_files import parameter_count, weights_digest
from tts.errors import BadRequest, CallError, ContextTooLong, Unavailable, UsageError
from tts.protocols import Defaults
from tts.values import Model

Runner = Literal["generate", "pooling"]
Profile = Literal["throughput", "latency"]

THROUGHPUT: Mapping[str, Any] = {"max_num_seqs": 256, "max_num_batched_tokens": 8192}
"""Shared-prefix batches: wide steps, so that many draws of one prompt decode together."""

IN_PROCESS = Defaults(sheds_load=False)

LATENCY: Mapping[str, Any] = {"max_num_seqs": 32, "max_num_batched_tokens": 2048}
"""Few requests at a time: short steps, so that a new prompt delays the running draws little."""

PROFILES: Mapping[Profile, Mapping[str, Any]] = {"throughput": THROUGHPUT, "latency": LATENCY}


@dataclass(frozen=True, kw_only=True)
class VLLMSettings:
    """One model and the engine arguments that this project chooses for it.

    `path` is a folder or a hub name; `name` is what prices, reports and keys call it. What stands
    in `extra` wins over everything else and goes to `AsyncEngineArgs` as it is.
    """

    path: str
    name: str
    runner: Runner = "generate"
    profile: Profile = "throughput"
    dtype: str = "auto"
    context_length: int | None = None
    """Tokens of prompt and completion together; None: what the model's folder says."""
    block_size: int | None = None
    """Tokens of a prefix-cache block; None: vLLM's default for the device."""
    kv_cache_bytes: int | None = None
    """Memory for keys and values; None: `memory_share` of the device."""
    memory_share: float | None = None
    """Part of the device's memory, weights included, 0…1; None: vLLM's default (0.9 or so)."""
    eager: bool = False
    """Skip compilation and CUDA graphs: starts faster, runs slower."""
    seeded: bool = True
    """Whether a draw has a seed. vLLM draws seeded requests one by one: a fifth of the throughput
    of a small model. Without seeds a fresh run draws anew; a resumed one finds its draws anyway."""
    overrides: Mapping[str, Any] = field(default_factory=dict)
    """Fields of the model's `config.json` that are replaced, to load a reward head for example."""
    extra: Mapping[str, Any] = field(default_factory=dict)
    defaults: Defaults = IN_PROCESS
    """What suits the model where the user says nothing."""


def engine_arguments(settings: VLLMSettings) -> dict[str, Any]:
    """Keyword arguments of `AsyncEngineArgs`; a value of None is left to vLLM.

    Prefix caching is always on: search continues the same texts again and again.
    """
    chosen: dict[str, Any] = {
        "model": settings.path,
        "runner": settings.runner,
        "dtype": settings.dtype,
        "max_model_len": settings.context_length,
        "block_size": settings.block_size,
        "kv_cache_memory_bytes": settings.kv_cache_bytes,
        "gpu_memory_utilization": settings.memory_share,
        "enforce_eager": settings.eager or None,
        "hf_overrides": dict(settings.overrides) or None,
        "enable_prefix_caching": True,
        "disable_log_stats": True,
        "generation_config": "vllm",
        **PROFILES[settings.profile],
        **settings.extra,
    }
    return {name: value for name, value in chosen.items() if value is not None}


_SHUTDOWN_SECONDS = 2.0


class VLLMEngine:
    """An `AsyncLLM` with what the project knows of its model; belongs to one event loop.

    The engine's core runs in processes of its own, so that neither its work nor its death stops
    the loop. `close` ends them.
    """

    def __init__(
        self, llm: Any, *, model: Model, settings: VLLMSettings, load: EngineLoad | None = None
    ) -> None:
        self.llm: Any = llm
        self.model, self.settings, self.load = model, settings, load
        self.tokenizer: Any = llm.get_tokenizer()
        self._serial = count()
        self._closed = False

    @classmethod
    async def open(
        cls,
        settings: VLLMSettings,
        *,
        pooler: Mapping[str, Any] | None = None,
        load: EngineLoad | None = None,
    ) -> VLLMEngine:
        """Load a model; the loop is busy until it is ready.

        `pooler`: fields of `PoolerConfig`. `load`: where every step is noted. Raises UsageError
        where vLLM is missing or refuses the model or the arguments.
        """
        require_vllm()
        from vllm.config import PoolerConfig
        from vllm.engine.arg_utils import AsyncEngineArgs
        from vllm.v1.engine.async_llm import AsyncLLM

        arguments = engine_arguments(settings)
        if pooler is not None:
            arguments["pooler_config"] = PoolerConfig(**pooler)
        loggers = None if load is None else [load.logger_factory()]
        try:
            llm = AsyncLLM.from_engine_args(AsyncEngineArgs(**arguments), stat_loggers=loggers)
        except (ValueError, TypeError, OSError, RuntimeError) as error:
            raise UsageError(f"vLLM cannot load {settings.path}: {error}") from error
        return cls(llm, model=described(settings, llm.model_config), settings=settings, load=load)

    @property
    def context_length(self) -> int:
        """Tokens of prompt and completion together."""
        return self.model.context_length or 0

    @property
    def running(self) -> int:
        """Requests that the engine has not finished."""
        return 0 if self._closed else int(self.llm.get_num_unfinished_requests())

    def check_length(self, tokens: int) -> None:
        """Raises ContextTooLong where so many tokens do not fit."""
        if tokens > self.context_length:
            raise ContextTooLong(
                f"Prompt and allowance are {tokens} tokens; {self.model.name} holds "
                f"{self.context_length}."
            )

    @asynccontextmanager
    async def request(self, ids: Sequence[int], params: Any) -> AsyncIterator[Any]:
        """A queued prompt: gives the collector that its outputs arrive in.

        A body that fails or is cancelled aborts the request before its error leaves here, as one
        of the project's.
        """
        collector = await self._submit(ids, params)
        try:
            yield collector
        except BaseException as error:
            await self._abort(collector)
            if isinstance(error, Exception) and not isinstance(error, CallError):
                raise translated(error) from error
            raise

    def drawn(self, collector: Any) -> int:
        """Tokens that an unfinished request has drawn so far."""
        if self._closed:
            return 0
        state = self.llm.output_processor.request_states.get(collector.request_id)
        detokenizer = getattr(state, "detokenizer", None)
        return 0 if detokenizer is None else int(detokenizer.num_output_tokens())

    async def close(self) -> None:
        """End the engine's processes; requests under way fail with Unavailable."""
        if self._closed:
            return
        self._closed = True
        llm, self.llm = self.llm, None
        llm.output_processor.propagate_error(Unavailable(f"{self.model.name} is closed."))
        # The handler would report the end of the core as a crash.
        if llm.output_handler is not None:
            llm.output_handler.cancel()
        await asyncio.to_thread(llm.shutdown, _SHUTDOWN_SECONDS)

    async def _submit(self, ids: Sequence[int], params: Any) -> Any:
        from vllm.inputs import tokens_input

        if self._closed:
            raise Unavailable(f"{self.model.name} is closed.")
        try:
            return await self.llm.add_request(
                f"tts-{next(self._serial)}", tokens_input(list(ids)), params
            )
        except Exception as error:
            raise translated(error) from error

    async def _abort(self, collector: Any) -> None:
        """Free what a request holds; done before it returns."""
        if self._closed:
            return
        await asyncio.shield(self.llm.abort(collector.request_id, internal=True))
        collector.close()


def described(settings: VLLMSettings, config: Any) -> Model:
    """The model as keys know it: weights, precision and context all change its answers."""
    folder = Path(settings.path)
    local = folder.is_dir()
    digest = weights_digest(folder) if local else str(getattr(config, "revision", None) or "main")
    quantised = f"+{config.quantization}" if config.quantization else ""
    return Model(
        name=settings.name,
        revision=f"{digest}+{str(config.dtype).removeprefix('torch.')}{quantised}",
        parameters=parameter_count(folder) if local else None,
        context_length=int(config.max_model_len),
    )


def translated(error: Exception) -> CallError:
    """vLLM's error as one of ours."""
    from vllm.exceptions import VLLMClientError

    if isinstance(error, CallError):
        return error
    if isinstance(error, VLLMClientError | ValueError | TypeError):
        return BadRequest(f"vLLM refused the request: {error}")
    return Unavailable(f"vLLM failed: {error!r}")


class EngineLoad:
    """Requests that run and wait, as of the core's last step, and counts over all steps."""

    def __init__(self) -> None:
        self.running = 0
        self.waiting = 0
        self.steps = 0
        self.steps_with_queue = 0
        """Steps that more work was waiting behind, or that left requests running."""
        self.prompt_tokens = 0
        self.generated_tokens = 0

    def note(self, scheduled: Any, iteration: Any) -> None:
        """Take what vLLM records; either may be missing for a step."""
        if scheduled is not None:
            self.running = int(scheduled.num_running_reqs)
            self.waiting = int(scheduled.num_waiting_reqs)
            self.steps += 1
            self.steps_with_queue += self.running + self.waiting > 0
        if iteration is not None:
            self.prompt_tokens += int(iteration.num_prompt_tokens)
            self.generated_tokens += int(iteration.num_generation_tokens)

    def logger_factory(self) -> Any:
        """A stat logger class that notes every step here."""
        from vllm.v1.metrics.loggers import StatLoggerBase

        load = self

        class Noting(StatLoggerBase):  # type: ignore[misc]
            def __init__(self, vllm_config: Any, engine_index: int = 0) -> None: ...

            def record(
                self,
                scheduler_stats: Any,
                iteration_stats: Any,
                mm_cache_stats: Any = None,
                engine_idx: int = 0,
            ) -> None:
                load.note(scheduler_stats, iteration_stats)

            def log_engine_initialized(self) -> None: ...

        return Noting
