from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from tts.engine.open_vllm import profile
from tts.errors import BadInput
from tts.eval.tune import Failed, Measured, Tried, landscape_page, profile_text, space_for
from tts.eval.tune.trial import engine_values, start_points

SPACE = space_for(cpu=False, reads=False)
SHIPPED, OTHER = start_points(SPACE)
FAST = OTHER | {"max_num_seqs": 64, "speculative_tokens": 4, "kv_cache_dtype": "fp8"}
TRIED = (
    Tried(number=0, point=SHIPPED, outcome=Measured(rates=(90.0, 100.0, 110.0))),
    Tried(number=1, point=OTHER, outcome=Failed(reason="<killed>")),
    Tried(number=2, point=FAST, outcome=Measured(rates=(119.0, 120.0, 400.0))),
)


def test_the_profile_is_what_vllm_loads(tmp_path: Path) -> None:
    path = tmp_path / "profile.yaml"
    path.write_text(
        profile_text(TRIED, facts={"model": "vllm:m"}, shipped=[SHIPPED, OTHER]), "utf-8"
    )
    assert profile(str(path)) == {"extra": engine_values(FAST)}
    written = yaml.safe_load(path.read_text("utf-8"))
    assert written["rate"]["median"] == 120.0
    assert [one["median"] for one in written["rates_of_shipped_profiles"]] == [100.0]
    assert written["clear_of_shipped_profiles"] is True
    assert (written["trials"], written["failed"]) == (3, 1)


def test_a_file_that_is_no_profile_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "profile.yaml"
    path.write_text("just: words", "utf-8")
    with pytest.raises(BadInput, match="tts tune"):
        profile(str(path))


def test_a_profile_without_a_measured_trial_is_refused() -> None:
    with pytest.raises(ValueError, match="failed"):
        profile_text(TRIED[1:2], facts={}, shipped=[SHIPPED, OTHER])


def test_the_page_shows_every_trial_and_escapes_what_processes_said() -> None:
    page = landscape_page(TRIED, SPACE, heading="m & n", unit="tokens/s")
    assert "&lt;killed&gt;" in page and "<killed>" not in page
    assert page.count("<svg") == 1 + len(SPACE)
    assert page.index(">120<") < page.index(">100<")


def test_the_page_loads_nothing() -> None:
    page = landscape_page(TRIED, SPACE, heading="m", unit="tokens/s")
    assert "http" not in page.replace("http-equiv", "")
    assert "<script" not in page


def test_a_gain_within_the_range_of_the_repeats_is_not_called_clear() -> None:
    lucky = Tried(number=3, point=FAST, outcome=Measured(rates=(95.0, 130.0, 131.0)))
    text = profile_text((TRIED[0], lucky), facts={}, shipped=[SHIPPED])
    assert yaml.safe_load(text)["clear_of_shipped_profiles"] is False
