"""How long calls would take on an idle machine, one after another."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml
from msgspec import Struct, ValidationError, convert, to_builtins

from tts.errors import BadInput
from tts.values import Usage


class IdealisedRuntime(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """T = T_prompt(p) + (o - 1) · t_token, HELM's idealised runtime (Liang et al. 2022, 4.9).

    Free of contention and batching, so that strategies compare by what they ask of a model and
    not by who else used the machine. Completions of one prompt count one after another.
    """

    token_seconds: float
    """Of each drawn token after the first."""
    prompt_seconds: dict[int, float]
    """Prompt tokens that were timed, to the seconds until the first token."""
    call_seconds: float = 0.0
    """Of each call, whatever it reads: a retrieval's whole time."""
    watts: float | None = None
    """Mean power of the devices while calls were timed; None: not measured."""

    def prompt(self, tokens: float) -> float:
        """T_prompt: in proportion to the smallest timed size that is not smaller.

        Beyond the largest timed size it grows in proportion to that.
        """
        if tokens <= 0:
            return 0.0
        if not self.prompt_seconds:
            return 0.0
        sizes = sorted(self.prompt_seconds)
        key = next((size for size in sizes if size >= tokens), sizes[-1])
        return self.prompt_seconds[key] * tokens / key

    def seconds(self, prompt_tokens: int, completion_tokens: int) -> float:
        """Of one draw."""
        return self.prompt(prompt_tokens) + max(0, completion_tokens - 1) * self.token_seconds

    def seconds_of(self, usage: Usage) -> float:
        """Of all the calls of a usage, as if they were equally long."""
        if not usage.calls:
            return 0.0
        drawn = max(0, usage.completion_tokens - usage.calls) * self.token_seconds
        drawn += usage.calls * self.call_seconds
        return usage.calls * self.prompt(usage.prompt_tokens / usage.calls) + drawn

    def joules_of(self, usage: Usage) -> float | None:
        """Of all the calls of a usage; None: the power was not measured."""
        return None if self.watts is None else self.watts * self.seconds_of(usage)

    @property
    def token_joules(self) -> float | None:
        """Of a drawn token; None: the power was not measured."""
        return None if self.watts is None else self.watts * self.token_seconds

    @property
    def prompt_tokens_per_drawn_token(self) -> float:
        """How many prompt tokens take as long as one drawn token, at the largest timed size."""
        largest = max(self.prompt_seconds)
        return self.token_seconds * largest / self.prompt_seconds[largest]


def write_runtime(path: Path, model: str, runtime: IdealisedRuntime) -> None:
    """Put a model's fit into a file of fits; those of other models stay."""
    known = read_runtimes(path) if path.is_file() else {}
    content = {name: to_builtins(one) for name, one in (known | {model: runtime}).items()}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(yaml.safe_dump(content, sort_keys=True), encoding="utf-8")


def read_runtimes(path: Path) -> dict[str, IdealisedRuntime]:
    """Fits by model name; `BadInput` names the file and the reason."""
    try:
        content: Any = yaml.safe_load(path.read_text(encoding="utf-8"))
        return convert(content, dict[str, IdealisedRuntime])
    except OSError as error:
        raise BadInput(f"{path}: cannot be read: {error.strerror}.") from error
    except (yaml.YAMLError, UnicodeDecodeError, ValidationError) as error:
        raise BadInput(f"{path}: is no file of `tts tune --idealized`: {error}") from error
