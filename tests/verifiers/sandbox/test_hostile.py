from __future__ import annotations

import pytest

from tts.verifiers.sandbox import Sandbox
from tts.verifiers.sandbox.hostile import hostile_suite


@pytest.mark.timeout(300)
def test_every_hostile_program_is_held(box: Sandbox) -> None:
    tried = list(hostile_suite(box))
    assert [(one.name, one.reason) for one in tried if not one.held] == []
    assert {one.aim for one in tried} == {"verdict", "escape", "exhaust"}


def test_the_suite_is_not_run_where_nothing_would_hold_it() -> None:
    box = Sandbox(at="rlimits", workers=1)
    with pytest.raises(ValueError, match="not run"):
        next(hostile_suite(box))
    box.close_now()
