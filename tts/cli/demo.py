"""`tts demo`."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import yaml

from tts.cli.compare import run_comparison


def run_demo(*, ledger: str, out: Path) -> None:
    """The shipped recipe on the embedded model."""
    text = files("tts.cli").joinpath("demo.yaml").read_text(encoding="utf-8")
    run_comparison(None, yaml.safe_load(text), ledger=ledger, job="demo", out=out)
