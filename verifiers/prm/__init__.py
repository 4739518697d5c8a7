"""Process reward models: one file per family of how they are asked and read."""

from tts.verifiers.prm.check import check_model
from tts.verifiers.prm.families import FAMILIES, family_of
from tts.verifiers.prm.family import Family
from tts.verifiers.prm.model_folder import FolderTokenizer
from tts.verifiers.prm.prompt_tokenizer import PromptTokenizer
from tts.verifiers.prm.scorer import FamilyScorer
from tts.verifiers.prm.vllm_overrides import vllm_overrides

__all__ = [
    "FAMILIES",
    "Family",
    "FamilyScorer",
    "FolderTokenizer",
    "PromptTokenizer",
    "check_model",
    "family_of",
    "vllm_overrides",
]
