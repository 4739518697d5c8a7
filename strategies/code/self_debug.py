"""Programs that are run on the examples and written again: sequential compute for code."""

from __future__ import annotations

import ast
from collections.abc import Sequence

from msgspec.structs import replace

from tts.answers.program import parsed
from tts.run import Run
from tts.strategies.base import StrategyBase, at_least
from tts.strategies.code.codet import exam_of
from tts.strategies.parts.conversation import asking, replying
from tts.strategies.parts.select import Select, best_scored
from tts.values import Candidate, Check, Exam, Problem, Score, Scored

LOADS = "pass"
"""The check of a problem that shows no example: that the program can be loaded at all."""
AGAIN = "Find the mistake and write the whole function again, in the same form as before."
SAID: dict[str, str] = {
    "wrong": "failed",
    "error": "raised an error",
    "timeout": "took too long",
    "ended": "ended its process",
    "output": "wrote too much",
}
MOST_TOLD = 3
"""Checks that a program is told of at most."""


class SelfDebug(StrategyBase):
    """Run the prompt's examples, read what failed, write the program again, at most `rounds` times
    (Chen et al. 2023), in `chains` chains beside each other.

    A chain ends with the first program that passes every example. The answer passes most; of
    equals the one that came first. Where a problem shows no example, only loading is tried.
    """

    name = "self_debug"
    reads = False

    chains: int = 1
    rounds: int = 3

    def check(self) -> None:
        at_least(1, chains=self.chains)
        at_least(0, rounds=self.rounds)

    async def solve(self, problem: Problem, run: Run) -> Candidate | None:
        exam = observed(exam_of(problem))
        if self.chains == 1:
            tried = await self._chain(problem, exam, run)
        else:
            share = 1 / self.chains
            grown = [run.spawn(self._chain, problem, exam, share=share) for _ in range(self.chains)]
            tried = [one for chain in await run.all(grown) for one in chain]
        answer: Candidate | None = await run.call(self.selection(), tried, run)
        return answer

    def selection(self) -> Select:
        return best_scored

    async def _chain(self, problem: Problem, exam: Exam, run: Run) -> list[Scored]:
        """The programs of one chain with the share of checks each passes; a failed call ends it."""
        [draft] = run.sample(problem)
        solution: Candidate = await draft
        turns = replying(run.task.render(problem), solution.text)
        tried = list[Scored]()
        for left in reversed(range(self.rounds + 1)):
            ran = await run.all([run.execute(solution, exam)])
            if not ran:
                break
            tried.append(Scored(solution, Score(value=share_of(ran[0]))))
            if tried[-1].score.value == 1 or not left:
                break
            request = asking(turns, told(exam, ran[0]))
            revisions = await run.all(run.sample(request))
            if not revisions:
                break
            [solution] = revisions
            turns = replying(request, solution.text)
        return tried


def share_of(checks: Sequence[Check]) -> float:
    """The share of checks that passed; 0 of none."""
    return sum(one.outcome == "passed" for one in checks) / len(checks) if checks else 0.0


def observed(exam: Exam) -> Exam:
    """The same checks, whose failures say what the program gave; without any, one of its loading."""
    return replace(exam, checks=tuple(map(_observing, exam.checks)) or (LOADS,))


def _observing(check: str) -> str:
    tree = parsed(check)
    one = tree.body[0] if tree is not None and len(tree.body) == 1 else None
    if not isinstance(one, ast.Assert) or not isinstance(one.test, ast.Compare):
        return check
    if one.msg is not None or len(one.test.ops) != 1:
        return check
    seen = ast.unparse(one.test.left)
    test = ast.Compare(ast.Name("found"), one.test.ops, one.test.comparators)
    return f"found = {seen}\nassert {ast.unparse(test)}, 'it gave ' + repr(found)[:200]"


def told(exam: Exam, checks: Sequence[Check]) -> str:
    """The first checks that failed, and how, as a request for another program."""
    failed = [
        (check, verdict)
        for check, verdict in zip(exam.checks, checks, strict=True)
        if verdict.outcome != "passed"
    ]
    lines = [_line(exam.entry, check, verdict) for check, verdict in failed[:MOST_TOLD]]
    head = f"The function was run; {len(failed)} of {len(checks)} checks did not pass."
    return "\n".join([head, *lines, AGAIN])


def _line(entry: str, check: str, verdict: Check) -> str:
    how = SAID.get(verdict.outcome, verdict.outcome)
    reason = f": {verdict.reason}" if verdict.reason else ""
    shown = f"loading {entry}" if check == LOADS else _plain(check)
    return f"- {shown} {how}{reason}"


def _plain(check: str) -> str:
    """A check as the problem wrote it, whatever observes it."""
    tree = parsed(check)
    if tree is None or len(tree.body) != 2:
        return check
    seen, one = tree.body
    if not isinstance(seen, ast.Assign) or not isinstance(one, ast.Assert):
        return check
    test = one.test
    assert isinstance(test, ast.Compare)
    return f"assert {ast.unparse(ast.Compare(seen.value, test.ops, test.comparators))}"
