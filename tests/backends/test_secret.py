from __future__ import annotations

import pickle
from collections.abc import Callable

import pytest

from tts.backends.secret import Secret


@pytest.mark.parametrize("show", [str, repr, "{}".format, "{!r}".format])
def test_a_secret_never_shows_itself(show: Callable[[object], str]) -> None:
    assert "canary" not in show(Secret("sk-canary"))


def test_a_secret_is_never_pickled() -> None:
    with pytest.raises(TypeError):
        pickle.dumps(Secret("sk-canary"))


def test_scrubbing_masks_every_occurrence() -> None:
    assert Secret("abc").scrub("abc-abc x") == "***-*** x"


def test_an_empty_secret_masks_nothing() -> None:
    assert Secret("").scrub("text") == "text"
