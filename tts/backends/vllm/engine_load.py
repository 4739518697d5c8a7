"""What the engine's core says of each of its steps."""

# pyright: reportMissingImports=false, reportAttributeAccessIssue=false

from __future__ import annotations

from typing import Any


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
