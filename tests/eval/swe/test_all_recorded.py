"""Every recorded patch of the shipped set, and every reference: minutes, so by `pytest -m swe`."""

from __future__ import annotations

import pytest

from tts.eval.swe.instance import Instance
from tts.eval.swe.shipped import shipped_instances
from tts.verifiers.repository import RepositoryGrader, pytest_folders
from tts.verifiers.sandbox import Sandbox


@pytest.mark.swe
@pytest.mark.timeout(300)
@pytest.mark.parametrize("one", shipped_instances(), ids=lambda one: one.instance_id)
async def test_references_and_right_patches_resolve_and_no_other_does(one: Instance) -> None:
    packages = pytest_folders()
    grader = RepositoryGrader(Sandbox(workers=1, readable=packages), packages=packages)
    reference = one.reference(one.files)
    try:
        assert (await grader.grade(reference, one.patch)).resolved
        found = {each.name: await grader.grade(reference, each.patch) for each in one.candidates}
    finally:
        await grader.close()
    assert {name for name, verdict in found.items() if verdict.resolved} == {
        each.name for each in one.candidates if each.kind == "right"
    }
