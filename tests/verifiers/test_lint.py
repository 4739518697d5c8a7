"""Programs ranked by what linters find in them, without being run."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

from tts.backends.scripted import ScriptedGenerator
from tts.engine import Engine
from tts.errors import Crashed, UsageError
from tts.values import CODE, ENTRY, Problem
from tts.verifiers.lint import Linted, LintVerifier
from tts.verifiers.linters import (
    BROKEN,
    CommandLinter,
    Finding,
    KnownFindings,
    open_linter,
    weight_of,
)

HEAD = "def f(n):\n    '''Twice a number.'''\n"
ASKED = Problem(
    id="p", prompt=HEAD, answer=None, task="code", metadata={ENTRY: "f", CODE: HEAD, "examples": []}
)
CLEAN = "```python\ndef f(n):\n    return 2 * n\n```"
UNSAFE = "```python\ndef f(n):\n    return eval('2 * n')\n```"
UNKNOWN = "```python\ndef f(n):\n    return twice(n)\n```"


async def scores(verifier: str | LintVerifier, *drafts: str) -> dict[str, float]:
    async with Engine(ScriptedGenerator(list(drafts)), verifier=verifier) as engine:
        result = await engine.solve(ASKED, strategy=f"best_of_n(n={len(drafts)})")
    return {one.candidate.text: one.score.value for one in result.candidates if one.score}


async def test_what_linters_find_lowers_the_score_by_its_weight() -> None:
    known = KnownFindings({"eval": Finding("S307", 2.0), "twice": Finding("F821", 3.0)})
    found = await scores(LintVerifier([known]), UNKNOWN, UNSAFE, CLEAN)
    assert found == {CLEAN: 1.0, UNSAFE: pytest.approx(1 / 3), UNKNOWN: 0.25}


async def test_ruff_ranks_what_fails_behind_what_is_unsafe_behind_what_is_clean() -> None:
    found = await scores("lint", UNKNOWN, UNSAFE, CLEAN)
    assert found[CLEAN] == 1 > found[UNSAFE] > found[UNKNOWN] > 0


async def test_what_is_no_program_comes_last() -> None:
    assert (await scores("lint", "I cannot.", CLEAN))["I cannot."] == 0
    assert Linted((Finding(BROKEN, 1.0), Finding("F401", 0.25))).share == 0


async def test_a_comment_of_the_program_silences_no_finding() -> None:
    ruff = await open_linter("ruff")
    found = await ruff.findings("def f(n):\n    return eval(n)  # noqa\n# ruff: noqa\n")
    assert [one.rule for one in found] == ["S307"]


async def test_bandit_is_asked_where_it_is_installed() -> None:
    if shutil.which("bandit", path=str(Path(sys.executable).parent)) is None:
        pytest.skip("bandit is not installed")
    bandit = await open_linter("bandit")
    [found] = await bandit.findings("def f(n):\n    return eval(n)  # nosec\n")
    assert found == Finding("B307", 1.0)


async def test_what_bandit_says_is_read_by_severity_and_a_syntax_error_is_one(
    tmp_path: Path,
) -> None:
    said = '{"errors": [{}], "results": [{"test_id": "B602", "issue_severity": "HIGH"}]}'
    found = await CommandLinter("bandit", _saying(tmp_path, said), "1").findings("x")
    assert found == (Finding("B602", 2.0), Finding(BROKEN, 1.0))


async def test_a_linter_that_is_not_there_is_told_in_one_line_and_scores_nothing(
    tmp_path: Path,
) -> None:
    with pytest.raises(UsageError, match=r"needs ruff.*pip install 'tts-engine\[lint\]'") as told:
        await open_linter("ruff", [str(tmp_path)])
    assert "\n" not in str(told.value)


@pytest.mark.parametrize("said", ["", "[{}]", "{"])
async def test_a_linter_that_says_nothing_readable_is_a_failed_call(
    tmp_path: Path, said: str
) -> None:
    with pytest.raises(Crashed, match="ruff gave no findings"):
        await CommandLinter("ruff", _saying(tmp_path, said), "1").findings("x = 1")


async def test_a_problem_that_asks_for_no_program_is_told_in_one_line() -> None:
    async with Engine(ScriptedGenerator(["1"]), verifier=LintVerifier([])) as engine:
        with pytest.raises(UsageError, match="asks for no program"):
            await engine.solve(Problem(id="sum", prompt="1 + 1?"), strategy="best_of_n(n=1)")


@pytest.mark.parametrize("name", ["pylint", "ruff+ruff", "ruff+"])
async def test_other_names_are_refused(name: str) -> None:
    with pytest.raises(UsageError, match="write lint, lint:bandit"):
        async with Engine("simulated:1", verifier=f"lint:{name}") as engine:
            await engine.solve(ASKED)


def test_a_rule_weighs_what_its_longest_known_beginning_weighs() -> None:
    assert [weight_of(rule) for rule in ("F821", "F401", "F601", "S602", "E902")] == [
        *(3.0, 0.25, 1.0, 2.0, 1.0)
    ]


def _saying(folder: Path, text: str) -> list[str]:
    """A command that says a text, whatever it is asked."""
    (folder / "said").write_text(text)
    return ["/bin/sh", "-c", f"cat {folder / 'said'}"]
