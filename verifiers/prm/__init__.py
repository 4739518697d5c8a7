"""Process reward models: what a family is, the families, their scorer, and a model's folder."""

from tts.verifiers.prm.families import FAMILIES, family_of
from tts.verifiers.prm.family import Family, FamilyScorer, PromptTokenizer
from tts.verifiers.prm.model_folder import FolderTokenizer, check_model, vllm_overrides

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
