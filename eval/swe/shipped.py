"""`swe_mini`: sixteen small repositories of our own with an issue each, so that everything runs here.

One YAML file each under `eval/data/swe_mini`: the files of the repository, the tests that the mending
commit added, the reference as edits, and recorded patches whose worth is known: right ones, wrong
ones, and ones that cheat.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

import yaml

from tts.eval.swe.instance import Instance, RecordedPatch
from tts.eval.swe.names import SWE_MINI
from tts.repository import Tree, difference, edited


@cache
def shipped_instances() -> tuple[Instance, ...]:
    """The instances in the order of their numbers."""
    with as_file(files("tts.eval").joinpath("data", SWE_MINI)) as folder:
        found = [shipped_instance(path) for path in folder.glob("*.yaml")]
    return tuple(sorted(found, key=lambda one: int(one.instance_id.rpartition("-")[2])))


def shipped_instance(path: Path) -> Instance:
    """The instance that a file describes."""
    loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    told = yaml.load(path.read_text(), loader)
    base = Tree(told["files"])
    tested = base.changed({path: base.files[path] + text for path, text in told["added"].items()})
    name = told["id"].rpartition("-")[0].replace("__", "/")
    return Instance(
        instance_id=told["id"],
        repo=name,
        base_commit=base.digest[:40],
        patch=_patch(base, told["gold"], {}),
        problem_statement=told["issue"],
        test_patch=difference(base, tested),
        hints_text="",
        created_at="2026-11-28T00:00:00Z",
        version="1.0",
        environment_setup_commit=base.digest[:40],
        FAIL_TO_PASS=tuple(told.get("fail_to_pass", ())),
        PASS_TO_PASS=tuple(told.get("pass_to_pass", ())),
        files=base.files,
        roots=("src",) if any(path.startswith("src/") for path in base.files) else (".",),
        candidates=tuple(_recorded(base, one) for one in told["candidates"]),
    )


def _recorded(base: Tree, told: Mapping[str, Any]) -> RecordedPatch:
    patch = _patch(base, told.get("edit", ""), told.get("write", {}))
    return RecordedPatch(name=told["name"], kind=told["kind"], how=told.get("how", ""), patch=patch)


def _patch(base: Tree, edits: str, written: Mapping[str, str]) -> str:
    after = edited(base, edits) if edits else base
    return difference(base, after.changed(written))
