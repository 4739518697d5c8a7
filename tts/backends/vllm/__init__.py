"""Models in vLLM, in this process; importing this imports no part of vLLM."""

from tts.backends.vllm.classify_reader import VLLMClassifyReader
from tts.backends.vllm.engine import VLLMEngine
from tts.backends.vllm.engine_load import EngineLoad
from tts.backends.vllm.generator import VLLMGenerator
from tts.backends.vllm.head_reader import VLLMHeadReader
from tts.backends.vllm.label_reader import VLLMLabelReader
from tts.backends.vllm.memory_plan import ModelNeed, ModelShare, memory_plan
from tts.backends.vllm.requirement import require_vllm, vllm_installed
from tts.backends.vllm.server_reader import VLLMServerReader
from tts.backends.vllm.settings import Profile, VLLMSettings

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
