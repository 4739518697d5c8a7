"""`tts swe grade --harness`: patches graded by SWE-bench's own harness."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from msgspec import to_builtins

from tts.cli.exits import INFRASTRUCTURE
from tts.cli.screen import Screen, json_text
from tts.cli.swe import Asked, last_of_each, run_named, share_told
from tts.eval.swe.harness import MachineCommands, graded_by_harness
from tts.eval.swe.predictions import read_predictions


def run_harness(
    asked: Asked, sources: Sequence[str], out: Path, run_id: str, *, as_json: bool
) -> None:
    """Have the official harness grade; exits with 5 where its machine failed for some instances."""
    instances = asked.instances()
    ids = [one.instance_id for one in instances]
    wanted = [
        each
        for source in sources
        for each in last_of_each(read_predictions(source, instances), source, ids)
    ]
    run_named(run_id)
    found = graded_by_harness(
        instances,
        wanted,
        out,
        run_id=run_id,
        workers=asked.workers or 1,
        commands=MachineCommands(),
    )
    if as_json:
        sys.stdout.write(json_text({"models": to_builtins(found), "out": str(out)}) + "\n")
    else:
        for one in found:
            told = f"{one.infrastructure} infrastructure, {one.errors} errors; by the harness"
            share = f"resolved {share_told(one.resolved)} of {one.instances} instances"
            Screen(soft_wrap=True).print(f"{one.model}: {share} ({told})")
    if any(one.infrastructure for one in found):
        sys.exit(INFRASTRUCTURE)
