"""Models in vLLM, in this process; importing this imports no part of vLLM."""

from tts.backends.vllm.engine import VLLMEngine
from tts.backends.vllm.generator import VLLMGenerator
from tts.backends.vllm.head_reader import VLLMHeadReader
from tts.backends.vllm.memory_plan import ModelNeed, ModelShare, memory_plan
from tts.backends.vllm.requirement import require_vllm, vllm_installed
from tts.backends.vllm.settings import Profile, VLLMSettings

__all__ = [
    "ModelNeed",
    "ModelShare",
    "Profile",
    "VLLMEngine",
    "VLLMGenerator",
    "VLLMHeadReader",
    "VLLMSettings",
    "memory_plan",
    "require_vllm",
    "vllm_installed",
]
