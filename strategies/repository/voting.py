"""Tests crossed with changes, votes, and a judge who writes tests that tell the best ones apart."""

from __future__ import annotations

import re
from collections.abc import Sequence

from msgspec import Struct

from tts.answers.fence import fenced
from tts.repository import ScriptRun, is_test_path
from tts.run import Run
from tts.strategies.parts.conversation import Remark, asking, ended, replying
from tts.strategies.repository.machines import Bench, said
from tts.strategies.repository.wording import (
    CONTRACT,
    ROLE,
    SELECT,
    SELECTED,
    Block,
    filled,
    read,
    run_told,
    script_of,
    shown,
    turns,
    unread,
)
from tts.values import Candidate, Score

OWN_TESTS = """import sys
import pytest
sys.exit(pytest.main(["-q", "-p", "no:cacheprovider", {paths}]))
"""


class Standing(Struct, frozen=True, kw_only=True):
    """A change and what speaks for it."""

    candidate: Candidate
    diff: str
    votes: int
    """Tests that the base fails and this change passes."""
    kept: bool
    """The repository's own tests still pass, where they did before."""
    changes: dict[str, str | None]

    @property
    def rank(self) -> tuple[bool, int, int]:
        return (not self.kept, -self.votes, len(self.diff))


async def crossed(
    bench: Bench, candidates: Sequence[Candidate], tests: Sequence[str], run: Run
) -> list[Standing]:
    """Every test on every change and on the base; the best standing first.

    A test votes only where it calls the base broken: one that passes there says nothing, and one
    that crashes there neither. Changes that make equal files are one, and so are equal tests.
    """
    scripts = list(dict.fromkeys(test for test in tests if test.strip()))
    own = _own_tests(bench)
    distinct: dict[str, Candidate] = {}
    for one in candidates:
        if bench.after(one) is not None:
            distinct.setdefault(bench.diff(one), one)
    on_base = await _runs(run, [({}, script) for script in (*scripts, *own)])
    valid = [script for script, ran in zip(scripts, on_base, strict=False) if ran and ran.unsolved]
    own = [one for one, ran in zip(own, on_base[len(scripts) :], strict=True) if ran and ran.solved]
    changed = {diff: bench.changes(one) for diff, one in distinct.items()}
    asked = [(changed[diff], script) for diff in distinct for script in (*valid, *own)]
    ran = [_solved(one) for one in await _runs(run, asked)]
    width, found = len(valid) + len(own), []
    for place, (diff, candidate) in enumerate(distinct.items()):
        solved = ran[place * width : (place + 1) * width]
        votes, kept = sum(solved[: len(valid)]), all(solved[len(valid) :])
        found.append(
            Standing(candidate=candidate, diff=diff, votes=votes, kept=kept, changes=changed[diff])
        )
        run.kept.score(candidate, _score(votes, len(valid), kept))
    return sorted(found, key=lambda one: one.rank)


def _score(votes: int, valid: int, kept: bool) -> Score:
    share = votes / valid if valid else 0.0
    return Score(value=0.5 + 0.5 * share if kept else 0.25 + 0.25 * share)


def _solved(ran: ScriptRun | None) -> bool:
    return ran is not None and ran.solved


def _own_tests(bench: Bench) -> list[str]:
    """A script that runs the repository's own tests; none where it has none."""
    paths = sorted(
        path
        for path in bench.tree.files
        if is_test_path(path) and re.search(r"(?:^|/)test_[^/]*\.py$|_test\.py$", path)
    )
    return [OWN_TESTS.replace("{paths}", ", ".join(map(repr, paths)))] if paths else []


async def _runs(
    run: Run, asked: Sequence[tuple[dict[str, str | None], str]]
) -> list[ScriptRun | None]:
    nodes = [run.call(ended, run.script(changes, script)) for changes, script in asked]
    return [outcome.value for outcome in await run.all(nodes)]


_BLOCKS: tuple[Block, ...] = ("test", "choice")


async def selected(bench: Bench, best: Sequence[Standing], test: str, rounds: int, run: Run) -> int:
    """The place of the change that a judge takes; the first where it names none.

    Each round the judge writes a test that is run on the base and on every change, or decides.
    """
    ask = Remark(run, of="selection", role="judge")
    history = turns(f"{ROLE}\n\n{CONTRACT}", _question(bench, best, test))
    for _ in range(rounds):
        reply = await said(run, ask, history)
        if reply is None:
            break
        found = read(reply, _BLOCKS)
        history = replying(history, reply)
        if found is None:
            history = asking(history, unread(_BLOCKS))
        elif found.block == "choice":
            place = _number(found.text, len(best))
            if place is not None:
                return place
            history = asking(history, f"Choose a number from 1 to {len(best)}.")
        else:
            told = await _tested(best, script_of(found.text), run)
            history = asking(history, filled(SELECTED, runs=told))
    return 0


def _question(bench: Bench, best: Sequence[Standing], test: str) -> str:
    touched = sorted({path for one in best for path in one.changes if path in bench.tree.files})
    changes = "\n\n".join(
        f"Change {place}:\n{fenced(one.diff)}" for place, one in enumerate(best, 1)
    )
    files = shown(bench.tree, touched)
    return filled(SELECT, issue=bench.issue, files=files, changes=changes, test=test)


def _number(text: str, among: int) -> int | None:
    said = re.fullmatch(r"\W*(\d+)\W*", text.strip())
    place = int(said[1]) - 1 if said else -1
    return place if 0 <= place < among else None


async def _tested(best: Sequence[Standing], script: str, run: Run) -> str:
    ran = await _runs(run, [({}, script), *((one.changes, script) for one in best)])
    parts = [f"The code as it is. {fenced(run_told(ran[0]))}"]
    parts += [f"Change {place}. {fenced(run_told(one))}" for place, one in enumerate(ran[1:], 1)]
    return "\n\n".join(parts)
