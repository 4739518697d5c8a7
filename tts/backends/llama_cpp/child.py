"""The process that serves: `python -m tts.backends.llama_cpp.child`, told what by its first line.

It says one line, an address or what went wrong, and ends when its standard input does: with whoever
started it, however that ended.
"""

from __future__ import annotations

import os
import sys
from importlib import import_module
from typing import Any

import msgspec


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """What to serve, and how."""

    model: str
    """The GGUF file."""
    name: str
    """What the server calls it."""
    context: int
    """Tokens of one slot: prompt and answer together."""
    slots: int
    """Requests at once."""
    threads: int
    embeddings: bool = False
    """Also serve `/embeddings`: the mean of a text's last hidden states."""
    port: int = 0
    """0: any that is free."""


class Said(msgspec.Struct, frozen=True, kw_only=True):
    """What the child says once it serves, or cannot."""

    url: str = ""
    error: str = ""


def main() -> None:
    settings = msgspec.json.decode(sys.stdin.readline(), type=Settings)
    speech = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what the library prints is no answer of ours
    server, said = None, Said(error="the package xllamacpp is not installed")
    try:
        server = serve(settings)
        said = Said(url=server.listening_address)
    except ImportError:
        pass
    except Exception as error:  # noqa: BLE001 - whatever the library raises is told in one line
        said = Said(error=why(error))
    speech.write(msgspec.json.encode(said).decode() + "\n")
    speech.flush()
    if server is not None:
        sys.stdin.read()
    os._exit(0)  # the library's threads wait for nobody


def why(error: Exception) -> str:
    """What the library raised, or what it means where that says nothing."""
    told = " ".join(str(error).split()).rstrip(".") or type(error).__name__
    if "Failed to init server" not in told:
        return told
    return "it is no whole GGUF file of an architecture that llama.cpp knows, or the memory is full"


def serve(settings: Settings) -> Any:
    """A server of the library, listening."""
    xllamacpp: Any = import_module("xllamacpp")
    params = xllamacpp.CommonParams()
    params.model.path = settings.model
    params.model_alias = {settings.name}
    params.n_ctx, params.n_parallel = settings.context * settings.slots, settings.slots
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = settings.threads
    if settings.embeddings:
        params.embedding = True
        params.pooling_type = xllamacpp.llama_pooling_type.LLAMA_POOLING_TYPE_MEAN
        params.n_batch = params.n_ubatch = settings.context  # a text is embedded in one piece
    params.port = settings.port
    params.verbosity = -1
    params.warmup = False
    params.endpoint_metrics = True
    return xllamacpp.Server(params)


if __name__ == "__main__":
    main()
