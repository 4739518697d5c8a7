"""What run ids and keys are made of stays: names, parameters, operations and keys, to the byte."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tts.engine.job import strategy_json
from tts.engine.registry import STRATEGIES, build_strategy
from tts.ledger import MemoryJournal
from tts.protocols import CallRow
from tts.run import Strategy

GOLDEN: dict[str, Any] = json.loads((Path(__file__).parent / "golden.json").read_text("utf-8"))
"""By name: the canonical JSON of the default and of other parameters, and the calls of both."""
CASES = [(name, case) for name in GOLDEN for case in ("default", "changed")]


def say(messages: Any, prefix: str, index: int) -> str:
    """A reply that steps, answers, approves nothing, and can be read as any verdict."""
    asked = messages[-1].content
    if "RELEVANT: yes" in asked:
        return "RELEVANT: yes\nSUMMARY: all"
    if "<test>" in asked and "<choice>" not in asked and "<edit>" not in asked:
        return "<test>\nraise SystemExit(0 if '2' in files['a.py'] else 2)\n</test>"
    if "<edit>" in asked:
        return f"<edit>\n<<<< SEARCH a.py\nx = 1\n====\nx = {len(asked) % 2 + 2}\n>>>> REPLACE\n</edit>"
    if "approaches" in asked:
        return "1. Add sixes.\n2. Multiply."
    if "sure, likely or impossible" in asked or "promising one" in asked:
        return f"{index % 2 + 1}\nlikely"
    if "Solution B" in asked:
        return f"Better: {'AB'[len(asked) % 2]}"
    if "Judgment" in asked or "Rating" in asked or "Step 1: 7" in asked:
        return f"Judgment: {index % 2 + 1}\nRating: 7\nStep 1: 7"
    depth = sum(bool(step.strip()) for step in prefix.split("\n\n"))
    steps = [f"six and {index % 3} is {turn}" for turn in range(depth, 2)]
    return "\n\n".join([*steps, f"so \\boxed{{{40 + index % 3}}}"])


def calls(forest: Any, strategy: Strategy) -> dict[str, Any]:
    """The operations of a run, and a digest of its calls' keys."""
    journal = MemoryJournal(job="lab")
    policy, other = forest.lab.words(say), forest.lab.words(say)
    problem = forest.suited(strategy)
    how = {"policy": policy, "models": {"other": other}, "max_tokens": 24}
    forest.grow(strategy, journal=journal, problem=problem, **how)
    rows = [row for row in journal.rows if isinstance(row, CallRow)]
    keys = "\n".join(sorted(row.key for row in rows))
    return {
        "operations": sorted({f"{row.operation} {row.version} {row.role}" for row in rows}),
        "calls": len(rows),
        "keys": hashlib.sha256(keys.encode()).hexdigest()[:16],
    }


def built(name: str, case: str) -> Strategy:
    told = msgspec.json.decode(GOLDEN[name][case])
    return build_strategy(name, told["parameters"] if case == "changed" else {})


def test_every_strategy_by_name_has_its_golden_record() -> None:
    assert list(GOLDEN) == STRATEGIES.names()


@pytest.mark.parametrize(("name", "case"), CASES)
def test_name_and_parameters_are_the_same_to_the_byte(name: str, case: str) -> None:
    assert strategy_json(built(name, case)) == GOLDEN[name][case]


@pytest.mark.parametrize(("name", "case"), CASES)
def test_operations_and_keys_are_the_same(forest: Any, name: str, case: str) -> None:
    expected = GOLDEN[name]["calls"][case == "changed"]
    assert calls(forest, built(name, case)) == expected
