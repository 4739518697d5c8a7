"""CodeT: a model's own tests choose among its programs, and both sides are judged by agreement."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from tts.answers.asserts import MOST, asserts_in
from tts.errors import UsageError
from tts.run import Run
from tts.strategies.base import StrategyBase, at_least
from tts.strategies.code.agreement import RULES, Ballot, RuleName, trusted
from tts.strategies.code.fuzzing import behaviours, inputs_of, probing, told
from tts.strategies.parts.conversation import asking, remark
from tts.strategies.parts.select import Select, best_scored
from tts.values import Candidate, Check, Exam, Message, Problem, Score, Scored, shown_exam

WRITE_TESTS = (
    "Do not write the function. Write {count} assertions that every right implementation of "
    "{entry} passes, one on a line, in the form: assert {entry}(...) == ..."
)


class Suite(NamedTuple):
    """What programs are run under: the prompt's examples, the assertions that were written, inputs."""

    exam: Exam
    shown: int
    """Examples, which stand first."""
    written: tuple[int, ...]
    """By assertion, the texts that have it."""
    made: int = 0
    """Inputs of our own, which stand last."""


class Examined(NamedTuple):
    """A program, and the verdict on each check of the suite."""

    candidate: Candidate
    checks: tuple[Check, ...]


class CodeT(StrategyBase):
    """Draw `n` programs and `tests` texts of tests, run each against each, take the best by `rule`
    (Chen et al. 2022).

    `codet` is the paper's dual agreement, `cluster` the most frequent behaviour, `max_tests` the
    most assertions; `agreement` puts the prompt's examples first and weighs assertions by who passes
    them. With `inputs` programs are also tried on so many inputs near the examples, made without a
    model: those of one cluster give the same for all of them, and of programs that `agreement` holds for
    equal it takes the one whose values most others give. With `tests=0` no test is written and no token
    spent on the choice. The first `asserts` assertions of a text count. A text that failed or holds none
    is left out; without any, examples decide, and inputs among equals.
    """

    name = "codet"
    bounded = True
    reads = False

    n: int = 16
    tests: int = 16
    asserts: int = MOST
    rule: RuleName = "agreement"
    inputs: int = 0
    test_tokens: int | None = None
    """Most tokens of a text of tests; None: the run's max_tokens."""

    def check(self) -> None:
        at_least(1, n=self.n, asserts=self.asserts)
        at_least(0, tests=self.tests, inputs=self.inputs)
        at_least(1, test_tokens=1 if self.test_tokens is None else self.test_tokens)
        if self.rule not in RULES:
            raise ValueError(f"rule is one of {', '.join(RULES)}, not {self.rule!r}.")

    async def solve(self, problem: Problem, run: Run) -> Candidate | None:
        exam = exam_of(problem)
        drafts = run.sample(problem, n=self.n)
        most = self.test_tokens or run.sampling.max_tokens
        request = self._request(exam, run)
        texts = [
            remark(run, request, of="tests", role="verify", max_tokens=most)
            for _ in range(self.tests)
        ]
        suite = run.call(self._suite, exam, run.all(texts))
        checks = run.call(_exam, suite)
        examined = [run.call(Examined, draft, run.execute(draft, checks)) for draft in drafts]
        kept = await run.call(self._scored, suite, run.all(examined))
        answer: Candidate | None = await run.call(self.selection(), kept, run)
        return answer

    def selection(self) -> Select:
        return best_scored

    def _request(self, exam: Exam, run: Run) -> tuple[Message, ...]:
        """The problem, and the request for tests in place of a solution."""
        asked = WRITE_TESTS.format(count=self.asserts, entry=exam.entry)
        return asking(run.task.render(run.problem), asked)

    def _suite(self, exam: Exam, texts: Sequence[str]) -> Suite:
        count: dict[str, int] = {}
        for text in texts:
            for one in asserts_in(text, exam.entry, most=self.asserts):
                count[one] = count.get(one, 0) + 1
        made = inputs_of(exam.prelude, exam.entry, exam.checks, most=self.inputs)
        probes = probing(exam, made)
        checks = (*exam.checks, *count, *probes.checks)
        prelude = probes.prelude if made else exam.prelude
        whole = Exam(entry=exam.entry, prelude=prelude, checks=checks)
        return Suite(whole, len(exam.checks), tuple(count.values()), len(made))

    def _scored(self, suite: Suite, examined: Sequence[Examined]) -> list[Scored]:
        """Scores of the rule, the highest 1."""
        if not examined:
            return []
        rows = [[check.outcome == "passed" for check in one.checks] for one in examined]
        passed = np.array(rows, dtype=np.bool_).reshape(len(rows), -1)
        tests = suite.shown + len(suite.written)
        ballot = Ballot(
            passed[:, suite.shown : tests],
            np.ones(len(rows)),
            np.array(suite.written, dtype=np.float64),
            passed[:, : suite.shown],
        )
        if suite.made:
            given = [[told(check) for check in one.checks[tests:]] for one in examined]
            ballot = ballot._replace(seen=behaviours(given, trusted(ballot)))
        scores = RULES[self.rule](ballot)
        highest = float(scores.max()) or 1.0
        return [
            Scored(one.candidate, Score(value=float(score) / highest))
            for one, score in zip(examined, scores, strict=True)
        ]


def _exam(suite: Suite) -> Exam:
    return suite.exam


def exam_of(problem: Problem) -> Exam:
    """What a problem shows of its tests; `UsageError` where it asks for no program."""
    exam = shown_exam(problem)
    if exam is None:
        raise UsageError(
            f"Problem {problem.id!r} asks for no program, so there is nothing to run: take --problems "
            "humaneval:FILE or mbpp:FILE, or another strategy."
        )
    return exam
