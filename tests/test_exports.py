"""What a package exports is sorted, there, and named once."""

from __future__ import annotations

import ast
import importlib
from importlib.metadata import version
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = {
    "tts": "tts",
    "strategies": "tts.strategies",
    "verifiers": "tts.verifiers",
    "planner": "tts.planner",
    "eval": "tts.eval",
}
NEEDS_TORCH = "tts.training"


def exported() -> list[tuple[str, list[str]]]:
    found = []
    for folder, package in FOLDERS.items():
        for path in sorted((ROOT / folder).rglob("__init__.py")):
            inner = path.parent.relative_to(ROOT / folder).parts
            if "migrations" not in inner:
                found.append((".".join([package, *inner]), names(path)))
    return found


def names(path: Path) -> list[str]:
    for node in ast.parse(path.read_text()).body:
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        if any(isinstance(target, ast.Name) and target.id == "__all__" for target in targets):
            return list(ast.literal_eval(node.value))  # type: ignore[attr-defined]
    return []


def in_order(name: str) -> tuple[int, str]:
    """Constants, then classes, then functions, each by the alphabet, as ruff sorts them."""
    return (0 if name.isupper() else 1 if name[0].isupper() else 2, name)


@pytest.mark.parametrize(("package", "listed"), exported(), ids=lambda value: str(value)[:40])
def test_the_exports_are_sorted_named_once_and_there(package: str, listed: list[str]) -> None:
    assert len(set(listed)) == len(listed)
    assert listed == sorted(listed, key=in_order)
    if package.startswith(NEEDS_TORCH):
        pytest.importorskip("torch")
    module = importlib.import_module(package)
    assert [name for name in listed if not hasattr(module, name)] == []


def test_the_facade_names_what_is_public_and_nothing_else() -> None:
    tts = importlib.import_module("tts")
    wanted = {"AnswerEvent", "Verifier", "Generator", "Node", "Strategy", "PlanCache"}
    assert wanted <= set(tts.__all__) == set(tts.PUBLIC)
    assert set(dir(tts)) == {*tts.PUBLIC, "__version__"}
    assert not hasattr(tts, "Any") and not hasattr(tts, "import_module")


def test_the_version_is_that_of_the_distribution() -> None:
    tts = importlib.import_module("tts")
    assert tts.__version__ == version("tts-engine")
