"""Models in vLLM, in this process; importing this imports no part of vLLM."""

from tts.backends.vllm.engine import EngineLoad, Profile, VLLMEngine, VLLMSettings
from tts.backends.vllm.folder import (
    ModelNeed,
    ModelShare,
    memory_plan,
    require_vllm,
    vllm_installed,
)
from tts.backends.vllm.generator import VLLMGenerator
from tts.backends.vllm.head_reader import VLLMHeadReader
from tts.backends.vllm.label_reader import VLLMLabelReader
from tts.backends.vllm.server import VLLMClassifyReader, VLLMServerReader

__all__ = [
    "EngineLoad",
    "ModelNeed",
    "ModelShare",
    "Profile",
    "VLLMClassifyReader",
    "VLLMEngine",
    "VLLMGenerator",
    "VLLMHeadReader",
    "VLLMLabelReader",
    "VLLMServerReader",
    "VLLMSettings",
    "memory_plan",
    "require_vllm",
    "vllm_installed",
]
