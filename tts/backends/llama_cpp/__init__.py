"""Models in GGUF files, served on the loopback by llama.cpp in a process of their own.

The package `xllamacpp` (extra `real`) brings llama.cpp and its OpenAI-compatible server; requests go
through the ordinary HTTP backend, so that nothing of a call is special here.
"""

from tts.backends.llama_cpp.server import LlamaServer
from tts.backends.llama_cpp.weights import SMOLLM2, Wheel, fetched

__all__ = ["SMOLLM2", "LlamaServer", "Wheel", "fetched"]
