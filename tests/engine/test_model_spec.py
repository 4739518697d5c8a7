from __future__ import annotations

import pytest

from tts.engine.model_spec import ModelSpec
from tts.errors import UsageError


def test_options_stand_behind_the_name() -> None:
    spec = ModelSpec.parse(
        "a/b?dtype=float32&context=4096&eager=1", known=("dtype", "context", "eager")
    )
    assert (spec.name, spec.options["dtype"], spec.number("context")) == ("a/b", "float32", 4096.0)
    assert spec.flag("eager")


def test_a_name_alone_has_no_options() -> None:
    spec = ModelSpec.parse("folder", known=())
    assert (spec.name, spec.number("context"), spec.flag("eager")) == ("folder", None, False)


def test_an_unknown_option_is_refused() -> None:
    with pytest.raises(UsageError, match="known are dtype"):
        ModelSpec.parse("m?dtpye=x", known=("dtype",))


def test_a_number_must_be_one() -> None:
    with pytest.raises(UsageError, match="context=many"):
        ModelSpec.parse("m?context=many", known=("context",)).number("context")
