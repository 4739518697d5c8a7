"""Beams: what they keep, what they continue, and subtrees that never compete."""

from __future__ import annotations

from typing import Any

import pytest

from tts.backends.scripted import ScriptedGenerator, ScriptedScorer
from tts.backends.simulated import SimulatedScorer, SimulatedSteps
from tts.errors import BadRequest
from tts.ledger import MemoryJournal
from tts.strategies import DVTS, BeamSearch
from tts.strategies.parts.select import most_weighted
from tts.values import Budget, Score, Scored

BOX = "\\boxed{%s}"


def test_a_round_draws_n_over_the_live_candidates(forest: Any) -> None:
    found = forest.grow(
        BeamSearch(n=6, branching=3, rounds=3),
        policy=SimulatedSteps(least=4, most=4),
    )
    depths = [kept.candidate.depth for kept in found.candidates]
    assert [depths.count(depth) for depth in range(3)] == [6, 6, 6]


def test_only_the_best_are_continued(forest: Any) -> None:
    policy = forest.by_depth(["poor\n\n", "good\n\n"], [BOX % 1])
    scorer = ScriptedScorer({"poor": 0.1, "good": 0.9}, default=0.5)
    found = forest.grow(BeamSearch(n=2, branching=2, rounds=2), policy=policy, scorer=scorer)
    assert {kept.candidate.parent.text for kept in found.candidates if kept.candidate.parent} == {
        "good\n\n"
    }


def test_repeated_texts_are_dropped_before_they_are_scored(forest: Any) -> None:
    scorer = ScriptedScorer({})
    policy = forest.by_depth(["a\n\n"], [BOX % 1, BOX % 2])
    found = forest.grow(BeamSearch(n=4, branching=2), policy=policy, scorer=scorer)
    assert forest.sampled(found) == 8
    assert forest.scored(found) == len(scorer.requests) == 3


def test_two_draws_of_one_solution_are_two_votes_and_one_scoring(forest: Any) -> None:
    policy = forest.by_depth([BOX % 1, BOX % 1, BOX % 1, BOX % 2])
    scorer = ScriptedScorer({BOX % 1: 0.4, BOX % 2: 0.7})
    found = forest.grow(BeamSearch(n=4, rounds=1), policy=policy, scorer=scorer)
    assert (found.answer, forest.scored(found)) == ("1", 2)


def test_padded_duplicates_do_not_vote(forest: Any) -> None:
    async def solve(problem: Any, run: Any) -> Any:
        one, other = await run.all(run.sample(problem, n=2))
        padded = [Scored(one, Score(value=0.4))] * 3
        return await most_weighted([*padded, Scored(other, Score(value=0.7))], run)

    found = forest.grow(forest.lab.Told(solve), policy=forest.by_depth([BOX % 1, BOX % 2]))
    assert found.answer == "2"


def test_completed_beams_do_not_shrink_the_live_quota(forest: Any) -> None:
    policy = forest.by_depth([BOX % 1, "a\n\n", "b\n\n", "c\n\n"], ["d\n\n", "e\n\n"])
    found = forest.grow(BeamSearch(n=4, branching=2, rounds=3), policy=policy)
    depths = [kept.candidate.depth for kept in found.candidates]
    assert depths.count(1) == depths.count(2) == 4


def test_shrink_gives_up_a_live_place_per_finished_solution(forest: Any) -> None:
    policy = forest.by_depth([BOX % 1, "a\n\n", "b\n\n", "c\n\n"], ["d\n\n", "e\n\n"])
    found = forest.grow(BeamSearch(n=4, branching=2, rounds=3, quota="shrink"), policy=policy)
    depths = [kept.candidate.depth for kept in found.candidates]
    assert depths.count(1) == 2


def test_a_finished_beam_takes_no_live_place(forest: Any) -> None:
    policy = forest.by_depth([BOX % 1, "good\n\n", "poor\n\n"], [BOX % 7])
    scorer = ScriptedScorer({BOX % 1: 0.99, "good": 0.5, "poor": 0.1, BOX % 7: 1.0})
    found = forest.grow(
        BeamSearch(n=3, branching=3, rounds=2, select="best"), policy=policy, scorer=scorer
    )
    assert found.answer == "7"


def test_the_best_solution_wins_and_not_the_earliest_finished(forest: Any) -> None:
    policy = forest.by_depth([BOX % 1, "a\n\n"], ["b\n\n"], [BOX % 2])
    scorer = ScriptedScorer({BOX % 1: 0.3, BOX % 2: 0.8})
    assert forest.grow(BeamSearch(n=2, branching=2), policy=policy, scorer=scorer).answer == "2"


def test_a_truncated_step_is_continued_and_not_counted_as_finished(forest: Any) -> None:
    policy = forest.by_depth(["one two three four five"], [BOX % 3])
    found = forest.grow(BeamSearch(n=2, branching=2), policy=policy, max_tokens=3)
    cut = [kept.candidate for kept in found.candidates if kept.candidate.depth == 0]
    assert {(draft.final, draft.finish_reason) for draft in cut} == {(False, "length")}
    assert found.answer == "3"


def test_a_text_cut_in_the_last_round_is_no_answer(forest: Any) -> None:
    policy = forest.by_depth([f"one two {BOX % 1} and so on for ever"])
    found = forest.grow(BeamSearch(n=2, branching=2, rounds=1), policy=policy, max_tokens=5)
    assert found.answer is None


def test_an_empty_step_finishes_a_candidate(forest: Any) -> None:
    policy = forest.by_depth(["a\n\n"], [""])
    found = forest.grow(BeamSearch(n=2, branching=2), policy=policy)
    assert [kept.candidate.final for kept in found.candidates if kept.candidate.depth == 1]
    assert max(kept.candidate.depth for kept in found.candidates) == 1


def test_a_text_that_ends_in_the_separator_has_no_empty_step_to_score(forest: Any) -> None:
    scorer = ScriptedScorer({})
    policy = forest.by_depth(["\n\na\n\n", "a\n\n\n\n"], [BOX % 1])
    forest.grow(BeamSearch(n=2, branching=2), policy=policy, scorer=scorer)
    assert all(step.strip() for request in scorer.requests for step in request.steps)


def test_every_draft_failing_is_a_failed_run_and_no_wrong_answer(forest: Any) -> None:
    found = forest.grow(BeamSearch(n=2, branching=2), policy=ScriptedGenerator([BadRequest("no")]))
    assert found.stopped_by == "failed"
    assert "BadRequest" in (found.error or "")


def test_one_failed_draft_costs_the_others_nothing(forest: Any) -> None:
    policy = ScriptedGenerator([BadRequest("no"), BOX % 5])
    assert forest.grow(BeamSearch(n=2, branching=2), policy=policy).answer == "5"


def test_a_draft_is_scored_before_its_siblings_have_ended(forest: Any) -> None:
    journal = MemoryJournal(job="lab")
    forest.grow(BeamSearch(n=8, branching=4, rounds=1), journal=journal, spread=1.0)
    roles = [use.role for use in forest.uses(journal)]
    assert roles.index("verify") < len(roles) - 1 - roles[::-1].index("sample")


def test_search_with_a_good_verifier_beats_the_policy(forest: Any) -> None:
    found = [
        forest.grow(
            BeamSearch(n=8, branching=4, rounds=8),
            policy=SimulatedSteps(0.6, least=4, most=6),
            scorer=SimulatedScorer(0.8, noise=0.05),
            seed=seed,
        ).answer
        for seed in range(12)
    ]
    assert found.count("42") >= 10


def test_a_refusal_ends_with_the_best_so_far(forest: Any) -> None:
    found = forest.grow(BeamSearch(n=8, branching=4), budget=Budget(tokens=900))
    assert found.stopped_by in ("budget", "done")
    assert found.usage.tokens <= 900
    assert found.answer is not None


@pytest.mark.parametrize(
    "wrong",
    [{"n": 0}, {"n": 2, "branching": 4}, {"rounds": 0}, {"quota": "grow"}, {"select": "worst"}],
)
def test_impossible_parameters_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(reversed(wrong))):
        BeamSearch(**wrong)


def test_every_subtree_draws_its_branching_per_round(forest: Any) -> None:
    found = forest.grow(DVTS(n=6, branching=2, rounds=3), policy=SimulatedSteps(least=5, most=5))
    depths = [kept.candidate.depth for kept in found.candidates]
    assert [depths.count(depth) for depth in range(3)] == [6, 6, 6]


def test_subtrees_do_not_compete(forest: Any) -> None:
    found = forest.grow(DVTS(n=8, branching=2, rounds=4), policy=SimulatedSteps(least=4, most=4))
    second = [k.candidate.parent for k in found.candidates if k.candidate.depth == 1]
    assert len({parent.key for parent in second if parent}) == 4


def test_a_subtree_goes_on_from_its_best_child_only(forest: Any) -> None:
    policy = forest.by_depth(["poor\n\n", "good\n\n"], [BOX % 1])
    scorer = ScriptedScorer({"poor": 0.1, "good": 0.9})
    found = forest.grow(DVTS(n=2, branching=2, rounds=2), policy=policy, scorer=scorer)
    assert {k.candidate.parent.text for k in found.candidates if k.candidate.parent} == {"good\n\n"}


def test_two_subtrees_never_share_a_draw(forest: Any) -> None:
    found = forest.grow(DVTS(n=4, branching=2, rounds=3))
    keys = [kept.candidate.key for kept in found.candidates]
    assert len(keys) == len(set(keys)) == forest.sampled(found)


def test_a_subtree_does_not_wait_for_the_others(forest: Any) -> None:
    journal = MemoryJournal(job="lab")
    forest.grow(DVTS(n=8, branching=2, rounds=5), journal=journal, spread=1.5)
    subtrees = [use.node.split("/")[0] for use in forest.uses(journal)]
    last = {subtree: len(subtrees) - subtrees[::-1].index(subtree) for subtree in subtrees}
    assert min(last.values()) < len(subtrees) - 8


def test_what_a_small_budget_leaves_is_still_an_answer(forest: Any) -> None:
    found = forest.grow(DVTS(n=8, branching=4, rounds=6), budget=Budget(tokens=700))
    assert found.answer is not None
    assert found.usage.tokens <= 700


def test_a_subtree_that_uses_up_its_share_leaves_the_others_theirs(forest: Any) -> None:
    found = forest.grow(DVTS(n=4, branching=2, rounds=6), budget=Budget(tokens=800))
    roots = [k.candidate for k in found.candidates if k.candidate.depth == 0]
    assert len(roots) >= 4


def test_n_is_a_multiple_of_branching() -> None:
    with pytest.raises(ValueError, match="multiple"):
        DVTS(n=6, branching=4)
