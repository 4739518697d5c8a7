from __future__ import annotations

import pytest

from tts.errors import BadInput
from tts.eval.recipe import recipe_of


def test_a_missing_key_is_told_with_the_option_that_gives_it() -> None:
    with pytest.raises(BadInput, match="strategies is missing: give --strategies"):
        recipe_of({"model": "embedded:small", "problems": "embedded"}, where="Options")
