"""CodeMonkeys: serial and parallel compute for issues of repositories (Ehrlich et al. 2025)."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256

from tts.errors import UsageError
from tts.repository import FILES, ISSUE, PROPOSED, Tree
from tts.run import Run
from tts.strategies.base import StrategyBase, at_least
from tts.strategies.parts.select import Judged, Select, best_scored
from tts.strategies.repository.context import ranked, relevant_files, within
from tts.strategies.repository.machines import Bench, Draft, machine
from tts.strategies.repository.voting import Standing, crossed, selected
from tts.values import Candidate, Problem

LEAST_CALLS = 6
"""Calls that a machine is reckoned at under a ceiling: a test, a change and their runs."""
MOST_FILE_TOKENS = 100_000
"""A longer file is not asked about, and stays among the relevant ones."""


class CodeMonkeys(StrategyBase):
    """Find the files, let `machines` state machines write a test and a change each, cross all tests
    with all changes, and let a judge choose among the best by tests of its own (Ehrlich et al. 2025).

    Unlike there, a test votes only where the unchanged code fails it, the repository's own tests
    count before the votes, and the judge's share of a budget is set aside at the start. Patches of
    others (`proposed` in the problem) are candidates beside its own.
    """

    name = "code_monkeys"
    reads = False

    machines: int = 4
    """State machines beside each other (parallel compute); the paper has 10. 0: only patches of
    others."""
    rounds: int = 4
    """Calls of a testing and of an editing machine each (serial compute); the paper has 8."""
    rankings: int = 3
    context_tokens: int = 32_000
    """Of files that are shown; the paper has 128,000."""
    finalists: int = 3
    """Changes that the judge chooses among."""
    selection_rounds: int = 4
    """Calls of the judge; the paper has 10. 0: the votes decide."""
    selection_share: float = 0.15
    """Of every ceiling, kept for the judge."""
    relevance: str = ""
    """The model that judges files, a name of `models`; empty: the one that edits."""

    def check(self) -> None:
        at_least(0, machines=self.machines, selection_rounds=self.selection_rounds)
        at_least(1, rounds=self.rounds, rankings=self.rankings, finalists=self.finalists)
        at_least(1, context_tokens=self.context_tokens)
        if not 0 <= self.selection_share < 1:
            raise ValueError(f"selection_share lies in [0, 1), not {self.selection_share}.")

    def selection(self) -> Select:
        return best_changed

    async def solve(self, problem: Problem, run: Run) -> Candidate | None:
        bench = await self._bench(problem, run)
        drafts = await self._drafts(bench, run)
        own = [one.candidate for one in drafts if one.candidate is not None]
        candidates = [*own, *others(problem, run)]
        standing = await crossed(bench, candidates, [one.test for one in drafts], run)
        if not standing:
            return None
        place = await self._chosen(bench, standing[: self.finalists], drafts, run)
        return standing[place].candidate

    async def _bench(self, problem: Problem, run: Run) -> Bench:
        told = problem.metadata
        if FILES not in told:
            raise UsageError(
                f"Problem {problem.id!r} brings no repository: code_monkeys takes --problems swe_mini "
                "or swe:FILE."
            )
        tree, issue = Tree(dict(told[FILES])), str(told.get(ISSUE) or problem.prompt)
        context: list[str] = []
        if self.machines:
            found = await relevant_files(
                tree, issue, run, model=self._model(run), most_tokens=MOST_FILE_TOKENS
            )
            order = await ranked(found, issue, run, rankings=self.rankings)
            context = within(order, self.context_tokens)
        return Bench(
            tree=tree,
            issue=issue,
            repo=str(told.get("repo", "")),
            context=tuple(context),
            rounds=self.rounds,
        )

    def _model(self, run: Run) -> str:
        if self.relevance and self.relevance not in run.models:
            known = ", ".join(run.models)
            raise UsageError(
                f"There is no model {self.relevance!r} for relevance: give --models "
                f"{self.relevance}=BACKEND:MODEL; there are {known}."
            )
        return self.relevance

    async def _drafts(self, bench: Bench, run: Run) -> Sequence[Draft]:
        """One machine in each child Run, with an equal share of all but the judge's."""
        if not self.machines:
            return ()
        width = self._affordable(run)
        share = max(0.0, run.even_share(1) - self.selection_share) / width
        return await run.all([run.spawn(machine, bench, share=share) for _ in range(width)])

    def _affordable(self, run: Run) -> int:
        """As many machines as what is left carries to a change each; one at least."""
        most = self.machines
        for dimension, left in run.left.items():
            one = LEAST_CALLS * run.may_need(dimension)
            if one:
                most = min(most, int(left * (1 - self.selection_share)) // one)
        return max(1, most)

    async def _chosen(
        self, bench: Bench, best: Sequence[Standing], drafts: Sequence[Draft], run: Run
    ) -> int:
        if len(best) < 2 or not self.selection_rounds:
            return 0
        tests = {one.candidate.key: one.test for one in drafts if one.candidate is not None}
        test = tests.get(best[0].candidate.key, "")
        child = run.spawn(
            selected, bench, best, test, self.selection_rounds, share=run.even_share(1)
        )
        [place] = await run.all([child]) or [0]
        return place


def others(problem: Problem, run: Run) -> list[Candidate]:
    """Patches that others proposed, as candidates."""
    found = []
    for place, patch in enumerate(problem.metadata.get(PROPOSED) or ()):
        key = sha256(f"{problem.id}\0{patch}".encode("utf-8", "surrogatepass")).hexdigest()
        one = Candidate(problem=problem, text=patch, key=key, answer=patch, final=True)
        run.kept.add(one, ("proposed", place))
        found.append(one)
    return found


async def best_changed(kept: Sequence[Judged], run: Run) -> Candidate | None:
    """The best scored change; one that was never tried only where no other is there."""
    scored = [one for one in kept if one.score is not None]
    return await best_scored(scored or kept, run)
