from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Callable
from hashlib import sha256
from xml.etree import ElementTree

import pytest
from msgspec.structs import replace

from tts.eval.attempts import Attempt
from tts.eval.report import ComparisonReport, assemble, render_page
from tts.eval.report.page import MOST_LINES
from tts.values import Problem

Make = Callable[..., Attempt]
MakeRuns = Callable[..., list[Attempt]]
TagsOf = Callable[[str], list[tuple[str, dict[str, str | None]]]]

HOSTILE = [
    "<script>alert(1)</script>",
    "{{7*7}}{% raw %}",
    "\"><img src=x onerror='alert(1)'>",
    "</style></title></svg><b>",
    "\u202egnp.exe\u2066 שלום",
    "👩‍🔬🇨🇭 ẑ̷͈",
    "nul\x00 escape\x1b[31m surrogate\ud800",
    "x" * 10_000,
]


def report_of(problems: list[Problem], made: list[Attempt], text: str = "t") -> ComparisonReport:
    return assemble(
        made, problems, title=text, seed=0, baseline=made[0].strategy, manifest={text: text},
        notes=[text], warnings=[text],
    )  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_no_text_can_add_an_element_or_be_evaluated(
    problems: list[Problem], attempt: Make, text: str, tags_of: TagsOf
) -> None:
    def page(label: str) -> str:
        told = [Problem(id="p0", prompt=label, answer=label, difficulty_bin=1)]
        made = [attempt(label, label, answer=label), attempt("base", "b")]
        return render_page(report_of(told, made, label))

    plain, hostile = ([tag for tag, _ in tags_of(page(one))] for one in ("label", text))
    hidden_titles = [tag for tag in hostile if tag != "title"]
    assert hidden_titles == [tag for tag in plain if tag != "title"]
    assert "49" not in page(text).split("<h1>")[1].split("</h1>")[0]


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_a_page_can_be_written_as_utf8_and_hides_no_control_character(
    problems: list[Problem], runs: MakeRuns, text: str
) -> None:
    page = render_page(report_of(problems, runs(text, 3), text))
    assert page.encode()
    assert not re.search("[\x00-\x08\x0b-\x1f\u202a-\u202e\u2066-\u2069]", page)


def test_a_long_label_does_not_fill_the_page(problems: list[Problem], runs: MakeRuns) -> None:
    labels = ("x" * 100_000, "x")
    longest, short = (render_page(report_of(problems, runs(one, 3))) for one in labels)
    assert len(longest) < len(short) + 50_000


def test_a_page_loads_nothing(problems: list[Problem], runs: MakeRuns, tags_of: TagsOf) -> None:
    page = render_page(report_of(problems, [*runs("a", 3), *runs("b", 6)]))
    assert not {"link", "img", "iframe", "object", "embed"} & {tag for tag, _ in tags_of(page)}
    names = {name for _, attributes in tags_of(page) for name in attributes}
    assert not {"src", "href", "style", "srcset", "onclick", "onload"} & names
    assert "http://" not in page and "https://" not in page and "url(" not in page


def test_the_policy_allows_the_pages_own_style_and_script_alone(
    problems: list[Problem], runs: MakeRuns, tags_of: TagsOf
) -> None:
    page = render_page(report_of(problems, runs("a", 3)))
    policy = next(a["content"] for tag, a in tags_of(page) if tag == "meta" and "content" in a)
    assert policy is not None and policy.startswith("default-src 'none'")
    for tag in ("style", "script"):
        (text,) = re.findall(f"<{tag}>(.*?)</{tag}>", page, re.DOTALL)
        assert f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'" in policy
    assert "unsafe" not in policy


def test_figures_are_well_formed_and_named(problems: list[Problem], runs: MakeRuns) -> None:
    page = render_page(report_of(problems, [*runs("a", 3), *runs("b", 6, tokens=9000)]))
    figures = [ElementTree.fromstring(one) for one in re.findall(r"<svg.*?</svg>", page)]
    each = 2 + 1  # on two scales, and by difficulty
    assert len(figures) == 2 * (each * 5 + 1), "wide and narrow; and where the tokens went"
    assert all(one[0].tag == "title" and one[0].text for one in figures)


def test_unknown_cost_is_called_unknown(problems: list[Problem], runs: MakeRuns) -> None:
    page = render_page(report_of(problems, runs("a", 3, nanodollars=None)))
    assert page.count(">unknown<") == 3
    assert "$0" not in page
    assert "list prices" not in page


def test_a_report_without_any_grade_still_renders(problems: list[Problem], attempt: Make) -> None:
    page = render_page(assemble([attempt(correct=None)], problems, title="t", seed=0))
    assert "unknown</td>" in page


def test_a_report_without_rows_still_renders() -> None:
    assert "0 rows" in render_page(ComparisonReport(title="t", rows=()))


def test_of_many_problems_the_first_are_shown_and_how_all_are_listed_is_said(
    attempt: Make,
) -> None:
    many = [Problem(id=f"p{n}", prompt="?", answer="1") for n in range(10_000)]
    made = [attempt("a", problem=n) for n in range(10_000)]
    manifest = {"job": "my job"}
    page = render_page(assemble(made, many, title="t", seed=0, manifest=manifest))
    problems = page.partition("<summary>Problems (10,000)</summary>")[2]
    assert problems.count("<tr data-kinds=") == MOST_LINES
    assert "… and 9,800 more problems: report.json beside this page holds all of them" in page
    assert "tts ledger LEDGER --job &#39;my job&#39; --table runs --export FILE" in page


def test_of_many_reasons_the_first_are_shown(problems: list[Problem], attempt: Make) -> None:
    made = [
        replace(attempt("a", problem=n, correct=None, replicate=n), error=f"reason {n}")
        for n in range(MOST_LINES + 3)
    ]
    page = render_page(assemble(made, problems, title="t", seed=0))
    assert "… and 3 more reasons: report.json" in page
    assert len(re.findall(r"<bdi>reason \d+</bdi>", page)) == MOST_LINES
    assert "more problems" not in page
