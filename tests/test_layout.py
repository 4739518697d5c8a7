"""The house: what is shipped, who may import whom, how long things are."""

from __future__ import annotations

import ast
import sys
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import networkx as nx
import pytest

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = {
    "tts": "tts",
    "strategies": "tts.strategies",
    "verifiers": "tts.verifiers",
    "planner": "tts.planner",
    "eval": "tts.eval",
}
"""Top-level folder to the package it is installed as."""

RANKS = [
    {"tts.cli"},
    {"tts.eval"},
    {"tts.gateway"},
    {"tts.training"},
    {"tts.engine"},
    {"tts.strategies", "tts.verifiers", "tts.planner", "tts.retrieval"},
    {"tts.executor", "tts.backends", "tts.ledger", "tts.options"},
    {"tts.run", "tts.tools"},
    {"tts.answers", "tts.equivalence", "tts.budget", "tts.arithmetic", "tts.repository"},
    {"tts.protocols", "tts.countdown", "tts.facts", "tts.pages"},
    {"tts.values", "tts.errors"},
]
"""Each imports lower ones only; packages of one rank do not import each other."""

LOOSE = {"tts.__main__"}
LONGEST_FILE, LONGEST_FUNCTION = 400, 60


@cache
def sources() -> dict[Path, ast.Module]:
    """Every module of the project; vendored or generated code does not exist."""
    found = (path for folder in FOLDERS for path in (ROOT / folder).rglob("*.py"))
    return {path: ast.parse(path.read_text(), str(path)) for path in sorted(found)}


def module_of(path: Path) -> str:
    folder, *rest = path.relative_to(ROOT).with_suffix("").parts
    return ".".join([FOLDERS[folder], *rest]).removesuffix(".__init__")


def package_of(module: str) -> str:
    return ".".join(module.split(".")[:2])


def rank(package: str) -> int | None:
    return next((i for i, packages in enumerate(RANKS) if package in packages), None)


def imported(tree: ast.Module) -> Iterator[str]:
    """Every module that is imported anywhere, in functions and for type checking as well."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module == "tts":
            yield from (f"tts.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


def dotted(tree: ast.Module) -> Iterator[str]:
    """What is imported with its module in front, for type checking as well."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def functions(tree: ast.Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def test_every_package_is_shipped_and_nothing_else() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]
    there = {module_of(path) for path in sources() if path.name == "__init__.py"}
    migrations = {name for name in there if ".migrations" in name}
    assert sorted(there - migrations) == sorted(set(settings["packages"]) - migrations)


def test_every_module_lies_in_a_package() -> None:
    bare = {path.parent for path in sources() if not (path.parent / "__init__.py").exists()}
    assert {folder for folder in bare if "migrations" not in folder.parts} == set()


def test_every_package_has_a_rank() -> None:
    packages = {package_of(module_of(path)) for path in sources()} - {"tts"} - LOOSE
    assert sorted(name for name in packages if rank(name) is None) == []


def test_imports_point_down() -> None:
    wrong = []
    for path, tree in sources().items():
        own = package_of(module_of(path))
        for name in imported(tree):
            other = package_of(name)
            mine, theirs = rank(own), rank(other)
            if own != other and mine is not None and theirs is not None and theirs <= mine:
                wrong.append(f"{path.relative_to(ROOT)} imports {name}")
    assert wrong == []


def test_no_modules_import_each_other_in_a_circle() -> None:
    modules = {module_of(path): tree for path, tree in sources().items()}
    edges = nx.DiGraph(
        (own, found)
        for own, tree in modules.items()
        for name in dotted(tree)
        if (found := name if name in modules else name.rpartition(".")[0]) in modules
    )
    assert [
        sorted(group) for group in nx.strongly_connected_components(edges) if len(group) > 1
    ] == []


def test_the_facade_imports_the_engine_only_when_asked() -> None:
    top = sources()[ROOT / "tts" / "__init__.py"]
    eager = [node for node in top.body if isinstance(node, ast.Import | ast.ImportFrom)]
    names = {node.module for node in eager if isinstance(node, ast.ImportFrom)}
    assert not {name for name in names if name and name.startswith("tts.")}


def test_strategies_know_no_event_loop_database_http_or_price() -> None:
    banned = {"asyncio", "sqlalchemy", "aiohttp", "threading", "tts.budget.prices"}
    wrong = [
        f"{path.name} imports {name}"
        for path, tree in sources().items()
        if module_of(path).startswith("tts.strategies")
        for name in imported(tree)
        if name.split(".")[0] in banned or name in banned or "price" in name
    ]
    assert wrong == []


def test_strategies_and_verifiers_use_the_verbs_and_facts_of_a_run_and_nothing_behind_them() -> (
    None
):
    behind = {"settings", "root", "account", "scheduler", "queue", "worst_cases", "finish_reserve"}
    wrong = [
        f"{path.relative_to(ROOT)}:{node.lineno} run.{node.attr}"
        for path, tree in sources().items()
        if module_of(path).startswith(("tts.strategies", "tts.verifiers"))
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id == "run"
        and node.attr in behind
    ]
    assert wrong == []


def test_no_import_is_relative() -> None:
    wrong = [
        f"{path}:{node.lineno}"
        for path, tree in sources().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.level
    ]
    assert wrong == []


def test_nothing_unpickles_but_a_reader_that_refuses_every_name() -> None:
    unsafe = {"pickle", "shelve", "dill", "cloudpickle", "joblib"}
    users = {str(path) for path, tree in sources().items() if unsafe & set(imported(tree))}
    assert [one for one in users if not one.endswith("eval/problems/contests.py")] == []


def test_only_the_command_line_and_training_print() -> None:
    wrong = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path, tree in sources().items()
        if not module_of(path).startswith(("tts.cli", "tts.training"))
        and path.name != "__main__.py"
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "print"
    ]
    assert wrong == []


def test_no_file_is_longer_than_four_hundred_lines() -> None:
    lengths = {path: len(path.read_text().splitlines()) for path in sources()}
    assert {str(path): n for path, n in lengths.items() if n > LONGEST_FILE} == {}


def test_no_function_is_longer_than_sixty_lines() -> None:
    wrong = {
        f"{path.relative_to(ROOT)}:{node.name}": (node.end_lineno or 0) - node.lineno + 1
        for path, tree in sources().items()
        if "migrations" not in path.parts
        for node in functions(tree)
    }
    assert {name: n for name, n in wrong.items() if n > LONGEST_FUNCTION} == {}


@pytest.mark.parametrize("word", ["TO" + "DO", "FIX" + "ME", "/work/" + "shared", "/ro" + "ot/"])
def test_no_leftover_stands_in_the_code(word: str) -> None:
    assert [str(path) for path in sources() if word in path.read_text()] == []


def test_tests_replace_nothing_behind_the_codes_back() -> None:
    banned = "mock" + ".patch"
    tests = (ROOT / "tests").rglob("*.py")
    assert [str(path) for path in tests if banned in path.read_text()] == []


def test_tests_lie_where_what_they_test_lies() -> None:
    packages = {package_of(module_of(path)).removeprefix("tts.") for path in sources()}
    folders = {path.parent.name for path in (ROOT / "tests").glob("*/*.py")}
    assert sorted(folders - packages - {"__pycache__", "conformance", "examples", "recipes"}) == []
    assert sys.version_info >= (3, 11)
