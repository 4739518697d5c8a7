from __future__ import annotations

from pathlib import Path

from tts.eval.tune.energy import graphics_joules, measured, processor_joules


def package(root: Path, name: str, microjoules: str) -> None:
    (root / name).mkdir()
    (root / name / "energy_uj").write_text(microjoules)


def test_packages_are_summed_and_their_parts_not_counted_twice(tmp_path: Path) -> None:
    package(tmp_path, "intel-rapl:0", "2000000\n")
    package(tmp_path, "intel-rapl:1", "500000\n")
    package(tmp_path, "intel-rapl:0:0", "1900000\n")
    assert processor_joules(tmp_path) == 2.5


def test_a_machine_that_counts_nothing_has_no_figure(tmp_path: Path) -> None:
    assert processor_joules(tmp_path) is None
    assert graphics_joules("no-such-library.so") is None
    assert measured([lambda: None]) is None


def test_a_counter_that_cannot_be_read_is_unknown(tmp_path: Path) -> None:
    package(tmp_path, "intel-rapl:0", "not a number")
    assert processor_joules(tmp_path) is None


def test_what_is_counted_is_summed_over_devices() -> None:
    assert measured([lambda: 2.0, lambda: None, lambda: 3.0]) == 5.0
