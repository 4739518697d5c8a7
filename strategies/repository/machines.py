"""State machines that write a test and a change, running both after every step: serial compute.

A transition is one call of the model or one run of a script, each journalled by itself. What a machine
has when its share is spent, or its rounds are over, stands.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct

from tts.repository import (
    EditRefused,
    PatchRefused,
    ScriptRun,
    Tree,
    difference,
    proposed,
)
from tts.run import Node, Run
from tts.strategies.parts.conversation import Remark, asking, ended, replying
from tts.strategies.repository.wording import (
    CONTRACT,
    EDIT,
    EDITS,
    ROLE,
    TEST,
    TESTED,
    TRIED,
    Block,
    filled,
    read,
    run_told,
    script_of,
    shown,
    turns,
    unread,
)
from tts.values import Candidate, Message, Score

VALID, PASSING = 0.25, 0.5
"""Scores of a change that can be made, and of one that its own test calls right, until votes are
counted: what a budget that ends early falls back on."""


class Draft(Struct, frozen=True, kw_only=True):
    """What a machine came to."""

    test: str = ""
    """The last script; empty where there is none."""
    candidate: Candidate | None = None
    """The last change that can be made."""


class Bench(Struct, frozen=True, kw_only=True):
    """What all machines of a problem work on."""

    tree: Tree
    issue: str
    repo: str
    context: tuple[str, ...]
    """Paths of the files that are shown."""
    rounds: int

    @property
    def system(self) -> str:
        """Rules, issue and files: the same for every machine, so that a prefix cache serves them."""
        files = shown(self.tree, self.context)
        return f"{ROLE}\n\n{EDITS}\n\n{CONTRACT}\n\nIssue:\n{self.issue}\n\n{files}"

    def after(self, candidate: Candidate) -> Tree | None:
        """The repository with a change; None where it cannot be made."""
        try:
            return proposed(self.tree, candidate.answer or "")
        except (EditRefused, PatchRefused):
            return None

    def refusal(self, answer: str) -> str:
        """Why a change cannot be made; empty where it can."""
        try:
            proposed(self.tree, answer)
        except (EditRefused, PatchRefused) as error:
            return str(error)
        return ""

    def changes(self, candidate: Candidate) -> dict[str, str | None]:
        after = self.after(candidate)
        return self.tree.changes(after) if after is not None else {}

    def diff(self, candidate: Candidate) -> str:
        after = self.after(candidate)
        return difference(self.tree, after) if after is not None else ""


TESTING_SHARE = 0.35
"""Of a machine's budget, for its test: the paper's tests cost a quarter of what edits and tests do."""


async def machine(bench: Bench, run: Run) -> Draft:
    """A test first, then a change that is seeded by it."""
    tests = await run.all([run.spawn(testing, bench, share=TESTING_SHARE)])
    return await editing(bench, tests[0] if tests else "", run)


async def testing(bench: Bench, run: Run) -> str:
    """The last script of a testing machine; empty where none came."""
    ask = Remark(run, of="test", role="verify")
    history = turns(f"{ROLE}\n\n{CONTRACT}", filled(TEST, repo=bench.repo, issue=bench.issue))
    script, blocks = "", _FIRST_TEST
    for left in reversed(range(bench.rounds)):
        reply = await said(run, ask, history)
        if reply is None:
            break
        found = read(reply, blocks)
        if found is not None and found.block == "done":
            break
        history = replying(history, reply)
        if found is None:
            history = asking(history, unread(blocks))
            continue
        script, blocks = script_of(found.text), _NEXT_TEST
        if not left:
            break
        ran = await tried(run, {}, script)
        history = asking(history, filled(TESTED, run=run_told(ran)))
    return script


_FIRST_TEST: tuple[Block, ...] = ("test",)
_NEXT_TEST: tuple[Block, ...] = ("test", "done")
_FIRST_EDIT: tuple[Block, ...] = ("edit",)
_NEXT_EDIT: tuple[Block, ...] = ("edit", "test", "done")


async def editing(bench: Bench, test: str, run: Run) -> Draft:
    """The last test and the last change that can be made of an editing machine."""
    base = await tried(run, {}, test) if test else None
    draft = Draft(test=test)
    first = filled(EDIT, test=test, base=run_told(base)) if test else filled(_UNTESTED)
    history = turns(bench.system, first)
    for left in reversed(range(bench.rounds)):
        candidate = await drawn(run, history)
        if candidate is None:
            break
        blocks = _NEXT_EDIT if draft.candidate is not None else _FIRST_EDIT
        found = read(candidate.text, blocks)
        history = replying(history, candidate.text)
        if found is not None and found.block == "done":
            break
        why = unread(blocks) if found is None else ""
        if found is not None and found.block == "edit":
            why = bench.refusal(candidate.answer or "")
            draft = draft if why else Draft(test=draft.test, candidate=candidate)
        elif found is not None:
            draft = Draft(test=script_of(found.text), candidate=draft.candidate)
            base = await tried(run, {}, draft.test)
        if not why and draft.candidate is not None:
            why = await _shown_again(bench, draft, base, run)
        if not left:
            break
        history = asking(history, why)
    return draft


_UNTESTED = "Solve the issue. Think first, then put your change between <edit> and </edit>."


async def _shown_again(bench: Bench, draft: Draft, base: ScriptRun | None, run: Run) -> str:
    """The test run on the change, as the next turn; the change is scored by it."""
    assert draft.candidate is not None
    ran = await tried(run, bench.changes(draft.candidate), draft.test) if draft.test else None
    passing = ran is not None and ran.solved and base is not None and base.unsolved
    run.kept.score(draft.candidate, Score(value=PASSING if passing else VALID))
    diff = bench.diff(draft.candidate)
    return filled(TRIED, diff=diff, base=run_told(base), after=run_told(ran))


async def said(run: Run, ask: Remark, history: Sequence[Message]) -> str | None:
    """A reply; None where the call failed or was refused."""
    outcome = await run.call(ended, run.call(ask, tuple(history), run.sampling, "end"))
    return outcome.value


async def drawn(run: Run, history: Sequence[Message]) -> Candidate | None:
    """A draw that may hold a change; None where the call failed or was refused."""
    [node] = run.sample(tuple(history))
    outcome = await run.call(ended, node)
    return outcome.value


async def tried(run: Run, changes: Mapping[str, Any], script: str) -> ScriptRun | None:
    """A script in the repository with some files changed; None where it could not be run."""
    node: Node[ScriptRun] = run.script(dict(changes), script)
    outcome = await run.call(ended, node)
    return outcome.value
