"""`tts serve`: an endpoint of the OpenAI API that spends test-time compute."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from tts.answers import task_for
from tts.cli.screen import warn, write_out
from tts.engine import parse_strategy
from tts.engine.fewer_collections import fewer_collections
from tts.errors import BadInput, UsageError
from tts.eval.recipe import ModelKeys, checked
from tts.options import SessionOptions

NEEDED = ("starlette", "uvicorn")


def run_server(
    options: dict[str, Any],
    *,
    models: list[str],
    host: str,
    port: int,
    keys: Path | None,
    ledger: str,
    strategy: str,
    policy: list[str],
    task: str,
    limits: dict[str, int],
) -> None:
    """Serve until a signal comes; raises `UsageError` for what cannot be served."""
    if missing := [name for name in NEEDED if find_spec(name) is None]:
        raise UsageError(
            f"tts serve needs {' and '.join(missing)}: pip install 'tts-engine[serve]'."
        )
    from tts.gateway.keys import ANYBODY, Keys, read_keys
    from tts.gateway.serving import Address, serve
    from tts.gateway.settings import GatewaySettings

    given = checked(ModelKeys, options, where="Options", flags=options)
    session = SessionOptions.of(**{name: getattr(given, name) for name in given.model_fields_set})
    parse_strategy(strategy)
    task_for(task or "chat")
    settings = GatewaySettings(
        keys=read_keys(keys) if keys else Keys([ANYBODY]),
        strategy=strategy,
        policies=_policies(policy),
        task=task,
        tasks=_tasks(models, session),
        **limits,
    )
    if keys is None and host not in ("127.0.0.1", "localhost", "::1"):
        warn(f"Nobody is asked for a key at {host}: give --keys FILE.")
    fewer_collections()
    listening = Address(host=host, port=port).bind()
    with listening:
        asyncio.run(
            serve(
                session,
                models,
                settings,
                ledger=ledger,
                listening=listening,
                ready=_told_ready(ledger),
            )
        )


def _told_ready(ledger: str) -> Any:
    def ready(url: str, models: Sequence[str]) -> None:
        which = f"model{'s' if len(models) > 1 else ''} {', '.join(models)}"
        write_out(f"{url}  {which}, ledger {ledger}; Ctrl-C ends it")
        sys.stdout.flush()

    return ready


def _policies(given: list[str]) -> dict[str, Path]:
    """Policies by name, each read once, so that one that cannot be used is told at once."""
    found: dict[str, Path] = {}
    for text in given:
        name, equals, path = text.partition("=")
        if not equals or not name.strip() or name.strip() in found:
            raise BadInput(f"--policy takes NAME=FILE, each name once, not {text!r}.")
        found[name.strip()] = Path(path.strip()).resolve()
        if "'" in path:
            raise BadInput(f"--policy {path!r}: a path without quotes is needed.")
        parse_strategy(f"compute_optimal(policy='{found[name.strip()]}')")
    return found


def _tasks(models: Sequence[str], options: SessionOptions) -> dict[str, str]:
    """How answers of the embedded models are read: as those were trained to give them."""
    from tts.engine.served import ServedModel

    found = {}
    for one in [ServedModel.read(text, options) for text in models]:
        backend, _, name = str(one.options.model).partition(":")
        if backend == "embedded":
            from tts.backends.embedded.model import task_of

            found[one.name or f"{backend}:{name}"] = task_of(name)
    return found
