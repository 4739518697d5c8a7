"""Every kind of problem set by one entry."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tts.answers import task_for
from tts.equivalence import read_instructions
from tts.errors import BadInput, UsageError
from tts.eval.problems import HubSource, choose, digest, hub_set, load_problem_set, load_problems
from tts.values import Problem
from tts.verifiers.instructions import instructions_of

COUNTS = {
    "aime24.jsonl": 30,
    "aime25.jsonl": 30,
    "amc23.jsonl": 40,
    "game24.csv": 1362,
    "gsm8k_test.jsonl": 1319,
    "math500.jsonl": 500,
    "minerva_math.jsonl": 272,
    "olympiadbench.jsonl": 675,
}
MANY = tuple(Problem(id=str(n), prompt="q", difficulty_bin=1 + n % 5) for n in range(40))


@pytest.mark.parametrize(("name", "count"), COUNTS.items())
def test_every_local_set_loads_whole(real_data: Path, name: str, count: int) -> None:
    assert len(load_problems(real_data / "problems" / name)) == count


def test_math500_levels_become_bins(real_data: Path) -> None:
    hardest = load_problems(real_data / "problems" / "math500.jsonl", bins={5})
    assert len(hardest) == 134


@pytest.mark.parametrize("family", ["arithmetic", "steps"])
def test_a_generated_set_is_spread_over_the_bins(family: str) -> None:
    problems = load_problems(f"{family}:7")
    assert [one.difficulty_bin for one in problems] == [1, 1, 2, 2, 3, 4, 5]
    assert {one.task for one in problems} == {"arithmetic"}


def test_the_shipped_set_is_readable_pinned_and_in_four_levels() -> None:
    found = load_problem_set("short_texts")
    levels = [one.difficulty_bin for one in found.problems]
    assert (found.source, Counter(levels)) == ("short_texts", {1: 40, 2: 36, 3: 36, 4: 40})
    assert len({one.prompt for one in found.problems}) == len(levels) == 152
    assert found.digest.startswith("e7a97d4bfb4d")


def test_every_question_of_the_shipped_set_shows_what_its_answer_keeps_to() -> None:
    for one in load_problem_set("short_texts").problems:
        shown, answer = instructions_of(one), str(one.answer)
        if one.difficulty_bin == 4:
            assert read_instructions(answer) == shown and shown.sentences == 1
            assert all(word in one.prompt for word in shown.words)
        else:
            assert task_for(one.task).extract(f"So it is {answer}.") == answer
            assert shown.share(answer) == 1.0 > min(shown.share("0"), shown.share("5000"))


def test_arithmetic_options_choose_bin_count_and_seed() -> None:
    first = load_problems("arithmetic:bin=3,n=5,seed=1")
    second = load_problems("arithmetic:bin=3,n=5,seed=2")
    assert {one.difficulty_bin for one in first} == {3}
    assert digest(first) != digest(second)


@pytest.mark.parametrize(
    "source",
    ["arithmetic:", "arithmetic:x", "arithmetic:0", "arithmetic:n=5,bin=9", "arithmetic:m=3",
     "arithmetic:n=3,n=4", "arithmetic:n=5,seed=1000000", "arithmetic:bin=1,n=100000"],
)  # fmt: skip
@pytest.mark.parametrize("family", ["arithmetic", "steps"])
def test_an_impossible_generated_set_is_refused(family: str, source: str) -> None:
    with pytest.raises(BadInput, match=family):
        load_problems(source.replace("arithmetic", family))


def test_facts_are_short_answers_that_say_what_they_rest_on() -> None:
    problems = load_problems("facts:7")
    assert [one.difficulty_bin for one in problems] == [1, 1, 2, 2, 3, 4, 5]
    assert {one.task for one in problems} == {"qa"}
    assert [len(one.metadata["support"]) for one in problems] == [1, 1, 1, 1, 2, 2, 2]


def test_countdown_is_spread_over_the_bins_and_states_what_is_right() -> None:
    problems = load_problems("countdown:7")
    assert [one.difficulty_bin for one in problems] == [1, 1, 2, 2, 3, 4, 5]
    assert {one.task for one in problems} == {"countdown"}
    for one in problems:
        target, numbers = one.prompt.removeprefix("Make ").removesuffix(".").split(" from ")
        assert one.answer == f"{target} from {' '.join(sorted(numbers.split(), key=int))}"


@pytest.mark.parametrize(
    "source", ["countdown:", "countdown:0", "countdown:n=5,bin=6", "countdown:bin=1,n=401",
               "countdown:n=5,seed=1000000"],
)  # fmt: skip
def test_impossible_countdown_is_refused(source: str) -> None:
    with pytest.raises(BadInput, match="countdown"):
        load_problems(source)


def test_recorded_samples_bring_their_problems(real_data: Path) -> None:
    found = load_problem_set(f"replay:{real_data}/samples/qwen_math100_rm8.jsonl.gz", limit=7)
    assert len(found.problems) == 7
    assert all(one.answer for one in found.problems)


def test_an_unknown_source_lists_the_kinds() -> None:
    with pytest.raises(BadInput, match="JSON Lines or CSV"):
        load_problems("nothing")


def test_equal_content_has_an_equal_digest_whatever_the_file(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("id,problem,answer\n1,q,2\n")
    (tmp_path / "b.jsonl").write_text('{"answer": "2", "id": "1", "problem": "q"}\n')
    one, other = (load_problem_set(tmp_path / name) for name in ("a.csv", "b.jsonl"))
    assert one.digest == other.digest
    assert len(one.digest) == 64


def test_a_lone_surrogate_has_a_digest() -> None:
    assert digest([Problem(id="1", prompt="\ud800")])


@given(st.integers(1, 40), st.integers(1, 40), st.integers(0, 9))
def test_a_seeded_part_grows_with_its_limit(small: int, large: int, seed: int) -> None:
    less, more = sorted((small, large))
    few = choose(MANY, limit=less, seed=seed)
    assert {one.id for one in few} <= {one.id for one in choose(MANY, limit=more, seed=seed)}
    assert len(few) == less


def test_a_part_keeps_the_order_of_the_set() -> None:
    chosen = [int(one.id) for one in choose(MANY, limit=9, seed=3)]
    assert chosen == sorted(chosen)


def test_nothing_left_to_solve_is_an_error() -> None:
    with pytest.raises(UsageError, match="difficulty bin"):
        choose(MANY, bins=[7])
    with pytest.raises(UsageError, match="limit of 0"):
        choose(MANY, limit=0)


def test_a_folder_is_no_set(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="is a folder"):
        load_problem_set(tmp_path)


@pytest.mark.parametrize("source", ["arithmtic:5", "x" * 5000, "no such set"], ids=len)
def test_what_names_no_set_says_what_would(source: str) -> None:
    with pytest.raises(BadInput, match="arithmetic:"):
        load_problem_set(source)


def test_an_emoji_written_as_two_surrogates_is_a_whole_character(tmp_path: Path) -> None:
    path = tmp_path / "set.jsonl"
    path.write_text('{"problem": "Q \\ud83d\\ude00", "answer": 1}\n')
    assert load_problem_set(path).problems[0].prompt == "Q 😀"


def test_a_known_set_is_read_in_its_own_part_at_the_pinned_commit() -> None:
    asked: list[tuple[HubSource, str | None]] = []

    def fetch(source: HubSource, revision: str | None) -> Iterable[Mapping[str, Any]]:
        asked.append((source, revision))
        return [{"question": "q", "answer": "a\n#### 5"}]

    found = hub_set("openai/gsm8k", revision="abc", fetch=fetch)
    assert asked == [(HubSource(repository="openai/gsm8k", config="main"), "abc")]
    assert (found.revision, found.problems[0].id, found.problems[0].answer) == (
        "abc",
        "gsm8k-0",
        "5",
    )


def test_an_unreachable_hub_is_an_error_of_the_user() -> None:
    def fetch(source: HubSource, revision: str | None) -> Iterable[Mapping[str, Any]]:
        raise ConnectionError("no route")

    with pytest.raises(BadInput, match=r"cannot be fetched.*no route.*local JSON Lines"):
        hub_set("math-ai/aime25", fetch=fetch)


@pytest.mark.skipif(find_spec("datasets") is not None, reason="the datasets extra is installed")
def test_the_missing_extra_is_named() -> None:
    with pytest.raises(BadInput, match=r"tts-engine\[datasets\]"):
        load_problems("HuggingFaceH4/MATH-500")
