from __future__ import annotations

from collections.abc import Iterator

import pytest

from tts.verifiers.sandbox import Sandbox, probe


@pytest.fixture(scope="module", params=["landlock", "namespaces"])
def box(request: pytest.FixtureRequest) -> Iterator[Sandbox]:
    """A sandbox at a level that this machine gives."""
    found = probe(request.param)
    if not found.holds:
        pytest.skip(f"{found.isolation}: {found.reason}")
    sandbox = Sandbox(at=found.isolation, workers=1)
    yield sandbox
    sandbox.close_now()
