"""The families by name, and which one a model belongs to."""

from __future__ import annotations

from tts.errors import UnknownName, UsageError
from tts.verifiers.prm import math_shepherd, prm800k, pure, qwen_math, rlhflow, skywork, trl
from tts.verifiers.prm.family import Family

FAMILIES: dict[str, Family] = {
    module.FAMILY.name: module.FAMILY
    for module in (math_shepherd, prm800k, pure, qwen_math, rlhflow, skywork, trl)
}


def family_of(model: str, *, architecture: str = "", name: str = "") -> Family:
    """The family of a model by its own `name`, the model's name, or its architecture."""
    if name:
        if name not in FAMILIES:
            raise UnknownName("family of process reward models", name, FAMILIES)
        return FAMILIES[name]
    lowered = model.lower()
    for family in FAMILIES.values():
        if any(part in lowered for part in family.models):
            return family
    if architecture == "Qwen2ForProcessRewardModel":
        return FAMILIES["qwen-math"]
    raise UsageError(
        f"{model}: its name tells no family of process reward models. Add family=NAME, one of "
        f"{', '.join(sorted(FAMILIES))}."
    )
