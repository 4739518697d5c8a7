"""`tts demo`: shipped recipes on models that need no key and no GPU."""

from __future__ import annotations

import socket
from importlib.resources import files
from pathlib import Path
from typing import Any

import yaml

from tts.backends.llama_cpp import SMOLLM2, LlamaServer, fetched
from tts.cli.compare import recipes, run_parts
from tts.cli.screen import warn
from tts.errors import BadInput, UsageError
from tts.eval.recipe import read_parts

NAME = "smollm2-135m"
"""What the shipped language model is called."""
PORT = 8417
"""Of the server, unless it is in use."""


def run_demo(*, ledger: str, out: Path) -> None:
    """The shipped recipe on the embedded model."""
    run_parts(recipes(None, shipped("demo.yaml")), ledger=ledger, job="demo", out=out)


def run_real_demo(
    *, ledger: str, out: Path, weights: Path | None, port: int, recipe: Path | None = None
) -> None:
    """A recipe on a language model, which is served meanwhile: the shipped one, three strategies under
    two budgets, unless another is named."""
    if weights is not None and not weights.is_file():
        raise BadInput(f"{weights}: no such file of weights.")
    if port and not usual_port(port):
        raise UsageError(f"Port {port} cannot be had: leave --port out for one that is free.")
    if recipe is not None:
        read_parts(recipe, model=NAME)
    name = weights.stem if weights else NAME
    model = weights or fetched(SMOLLM2, tell=warn)
    with LlamaServer(model, name=name, port=port or usual_port()) as server:
        keys = {"model": f"openai:{name}", "base_url": server.url}
        if recipe is None:
            keys = {**shipped("demo_real.yaml"), **keys}
        kind = recipe.stem if recipe else "demo-real"
        run_parts(recipes(recipe, keys), ledger=ledger, job=f"{kind}-{name}", out=out)


def usual_port(port: int = PORT) -> int:
    """The same in every run where it is free: a server at a known address is not asked again what
    it supports. Else 0."""
    with socket.socket() as tried:
        tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            tried.bind(("127.0.0.1", port))
        except (OSError, OverflowError):
            return 0
    return port


def shipped(name: str) -> dict[str, Any]:
    """The keys of a recipe that comes with the package."""
    text = files("tts.cli").joinpath(name).read_text(encoding="utf-8")
    keys: dict[str, Any] = yaml.safe_load(text)
    return keys
