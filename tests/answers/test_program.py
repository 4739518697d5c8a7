from __future__ import annotations

import pytest

from tts.answers.program import assembled, fenced, program_in

PROMPT = 'import math\n\n\ndef root(n: int) -> float:\n    """The root.\n    >>> root(4)\n    2.0\n    """\n'


@pytest.mark.parametrize(
    ("answer", "repairs"),
    [
        ("def root(n):\n    return n ** .5\n", ()),
        ("```python\ndef root(n):\n    return n ** .5\n```\nThat is it.", ("fence",)),
        ("Here:\n```py\ndef root(n):\n    return n ** .5", ("fence",)),
        ("    return math.sqrt(n)\n", ("body",)),
        ("  return math.sqrt(n)\n", ("body",)),
        ("return math.sqrt(n)", ("body", "indentation")),
        ("    return math.sqrt(n)\n\nprint(root(", ("body", "cut")),
        ("def root(n):\n    return n ** .5\n\ndef other(", ("cut",)),
        ("def root(n: List[int]):\n    return reduce(max, n)\n", ("imports",)),
    ],
)
def test_each_fault_of_form_is_repaired_and_counted(answer: str, repairs: tuple[str, ...]) -> None:
    found = assembled(PROMPT, "root", answer)
    assert (found.repairs, found.whole) == (repairs, True)
    compile(found.source, "p", "exec")


def test_what_no_repair_makes_a_program_is_said_to_be_none() -> None:
    assert not assembled(PROMPT, "root", "The root of 4 is 2.").whole


def test_indentation_of_a_bare_body_is_kept() -> None:
    assert program_in("    return 1\n") == "    return 1"
    assert program_in("  \n") is None


@pytest.mark.parametrize(
    "text",
    [
        "def f(a):\n    return a\n```\n\nThis returns its argument.",
        "    return a\n```\nThis returns its argument.",
    ],
)
def test_a_fence_that_only_closes_ends_the_program_before_it(text: str) -> None:
    made = assembled("def f(a):\n    '''x'''\n", "f", text)
    assert made.whole and made.source.rstrip().endswith("return a")


def test_prose_before_a_bare_fence_is_no_program() -> None:
    assert (
        fenced("This returns a:\n```\ndef f(a):\n    return a\n```\n")
        == "def f(a):\n    return a\n"
    )
