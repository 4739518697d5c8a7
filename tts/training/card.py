"""The model card in a model's folder."""

# pyright: reportMissingImports=false

from __future__ import annotations

import re
from typing import Literal

from tts.backends.embedded.model import model_folder
from tts.training.architecture import ModelName

Section = Literal["Training", "Results"]

_PURPOSE: dict[ModelName, str] = {
    "small": "The small policy: solves integer arithmetic step by step, and errs often enough "
    "that search and selection matter.",
    "large": "The large policy: as the small one, with more than seven times its parameters.",
    "prm": "The process reward model: judges each step of the small policy's solutions.",
    "planner": "The plan writer: turns small errands in English into plans in the compact text of "
    "`tts.planner`, for the tools `price`, `multiply`, `add`, `subtract` and `average`.",
}
_USE: dict[ModelName, str] = {
    "small": "Loads with transformers, vLLM and the package's numpy runtime.",
    "large": "Loads with transformers, vLLM and the package's numpy runtime.",
    "planner": "Loads with transformers, vLLM and the package's numpy runtime.",
    "prm": "The shape of Qwen2.5-Math-PRM: steps are joined by, and end with, `<extra_0>`; the "
    "score of a step is the second class's probability there. vLLM needs the marker's id: "
    "`--runner pooling --pooler-config '{\"step_tag_id\": 4}'`.",
}


def write_section(name: ModelName, section: Section, body: str) -> None:
    """Replace one section of a model's card, and keep the other."""
    path = model_folder("small").parent / name / "README.md"
    old = path.read_text(encoding="utf-8") if path.exists() else ""
    bodies = {title: _body(old, title) for title in ("Training", "Results")}
    bodies[section] = body.strip()
    text = f"# {name}\n\n{_PURPOSE[name]} {_USE[name]}\n"
    for title, content in bodies.items():
        text += f"\n## {title}\n\n{content}\n" if content else ""
    path.write_text(text, encoding="utf-8")


def _body(card: str, title: str) -> str:
    match = re.search(rf"^## {title}\n(.*?)(?=^## |\Z)", card, re.MULTILINE | re.DOTALL)
    return match.group(1).strip() if match else ""
