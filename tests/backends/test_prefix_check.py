from __future__ import annotations

import pytest

from tts.backends.openai_http.prefix_check import tail_survives


@pytest.mark.parametrize(
    ("prompt", "survives"),
    [
        ("<user>q<assistant>Step 1: a , b.\n\n", True),
        ("<user>q<assistant>Step 1: a, b.\n\n", True),
        ("<user>q<assistant>Step 1: a , b.", False),
        ("<user>q<assistant>Step 1: a , b.\n", False),
        ("<user>q<assistant>Step 1: a , b.\n\n<end>", False),
        ("<user>q<assistant>", False),
    ],
)
def test_only_the_same_end_survives(prompt: str, survives: bool) -> None:
    assert tail_survives(prompt, "Step 1: a , b.\n\n") is survives
