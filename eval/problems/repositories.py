"""Issues of repositories as problems: the shipped `swe_mini`, or rows of SWE-bench with their files."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from tts.errors import BadInput
from tts.eval.problems.problem_set import ProblemSet
from tts.eval.swe.instance import Instance, read_instances
from tts.eval.swe.names import SWE, SWE_MINI
from tts.eval.swe.shipped import shipped_instances
from tts.repository import FILES, ISSUE, PROPOSED, ROOTS, Tree
from tts.values import Problem

SHOWN = 60_000
"""Characters of a repository that stand in the prompt as a whole; of a larger one only its paths."""


def repository_set(source: str) -> ProblemSet:
    """`swe_mini` or `swe:FILE`; raises `BadInput` for rows that bring no files or no tests."""
    shipped = source == SWE_MINI
    instances = shipped_instances() if shipped else read_instances(source.removeprefix(SWE))
    return ProblemSet(source=source, problems=tuple(problems_of_instances(instances)))


def problems_of_instances(
    instances: Iterable[Instance], proposed: Mapping[str, Sequence[str]] | None = None
) -> Iterable[Problem]:
    """A problem for each instance, with the patches that others proposed for it."""
    for one in instances:
        if not one.files or not one.has_tests:
            raise BadInput(
                f"{one.instance_id}: its row brings no files or no tests, so nothing can be run; "
                "`tts swe export --form rows` writes rows that do."
            )
        yield Problem(
            id=one.instance_id,
            prompt=prompt_of(one),
            answer=one.reference(one.files).text,
            task="patch",
            metadata={
                FILES: one.files,
                ROOTS: list(one.roots),
                ISSUE: one.problem_statement,
                "repo": one.repo,
                **(
                    {PROPOSED: list(told)}
                    if (told := (proposed or {}).get(one.instance_id))
                    else {}
                ),
            },
        )


def prompt_of(one: Instance) -> str:
    """The issue, and the sources of a small repository, or the paths of a large one."""
    tree = Tree(one.files)
    paths = tree.sources
    whole = sum(len(tree.files[path]) for path in paths) <= SHOWN
    parts = [f"File {path}:\n```python\n{tree.files[path]}```" if whole else path for path in paths]
    return f"Issue in {one.repo}:\n{one.problem_statement}\n\n" + "\n\n".join(parts)
