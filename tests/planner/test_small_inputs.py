"""Plans as models and word processors write them: read as meant, or told as faults."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tts.planner import Call, Plan, Reference, read_plan
from tts.planner.language import Form, NativeReader, draft_of, open_reader, write_plan
from tts.planner.language.typography import MOST_NESTED

TWO = Plan(
    calls=(
        Call(id=1, tool="look", positional=("Everest height",)),
        Call(id=2, tool="calc", arguments={"x": Reference(1), "opts": {"unit": "m"}}),
    ),
    answer=Reference(2),
    joined=False,
)
FIRST, SECOND, ANSWER = 'look("Everest height")', 'calc(x=$1, opts={"unit": "m"})', "answer = $2"


def written(first: str, second: str, answer: str = ANSWER, before: str = "") -> str:
    return f"{before}{first}\n{second}\n{answer}\n"


@pytest.mark.parametrize(
    "head",
    [
        "{n}) ", "{n}: ", "{n}.) ", "({n}) ", "[{n}] ", "{n} - ", "{n} — ", "{n}.", "{n} ",
        "- {n}. ", "* {n}. ", "• {n}. ", "– {n}) ", "> {n}. ", "- [ ] {n}. ", "- [x] {n}. ",
        "**{n}.** ", "**{n}**. ", "- **{n}.** ", "{n}\\. ", "`{n}. ", "Step {n}: ", "step {n}. ",
        "- Call {n}: ", "  {n}. ", "\t{n}. ", "${n} = ", "{n}.\u00a0", "\ufeff{n}. ", "{n}。", "{n}．",
    ],
)  # fmt: skip
def test_a_number_may_be_written_in_many_ways(head: str) -> None:
    one, two = head.format(n=1), head.format(n=2)
    draft = read_plan(written(one + FIRST, two + SECOND))
    assert draft.faults == ()
    assert draft.plan == TWO


@pytest.mark.parametrize(
    "text",
    [
        written("1. look(“Everest height”)", "2. calc(x=$1, opts={“unit”: ‘m’})"),
        written("1. look(„Everest height“)", "2. calc(x=$1, opts={«unit»: «m»})"),
        written("1. look(“Everest height\")", "2. calc(x=$1, opts={‘unit’: \"m\"})"),
        written("1. look（＂Everest height＂）", "2. calc（x＝$1，opts＝｛＂unit＂：＂m＂｝）", "answer ＝ ＄2"),
        written("1. look（“Everest height”）", "2. calc(x=$1，opts={“unit”：“m”})"),
        written("１. look('Everest height')", "２. calc(x=$１, opts={'unit': 'm'})"),
        written("1. look('Everest height',)", "2. calc(x=$1, opts={'unit': 'm',},)"),
        written("1. look('Everest height')  // first", "2. calc(x=$1, opts={'unit': 'm'}) # (2"),
        written("1. look( // it's the first\n'Everest height' # (\n)", f"2. {SECOND}"),
        written("1. look('Everest height');", "2. calc(x=$1, opts={'unit': 'm'})."),
        written("1. **look**('Everest height')", "2. `calc`(x=$1, opts={'unit': 'm'})"),
        written("1. `look('Everest height')`", "2. **calc(x=$1, opts={'unit': 'm'})**"),
        written(f"1. {FIRST}", f"2. {SECOND}", "3. answer = $2"),
        written(f"1. {FIRST}", f"2. {SECOND}", "Answer: $2"),
        written(f"1. {FIRST}", f"2. {SECOND}", "**answer** = $2"),
        written(f"1. {FIRST}", f"2. {SECOND}", "3) answer = $2", before="```text\n") + "```\n",
        written(f"| 1 | {FIRST} |", f"| 2 | {SECOND} |", before="| # | Call |\n|---|---|\n"),
        written(f"1. {FIRST}\r", f"2. {SECOND}\r", before="Here is the plan:\n\n"),
    ],
)  # fmt: skip
def test_quotes_signs_commas_comments_and_fences_are_read_as_meant(text: str) -> None:
    draft = read_plan(text)
    assert draft.faults == ()
    bound = draft.plan
    assert bound == TWO


@pytest.mark.parametrize(
    ("argument", "value"),
    [
        ('"he said “hi”"', "he said “hi”"),
        ("'Everest’s'", "Everest’s"),
        ("‘Everest’s height’", "Everest’s height"),
        ("“it’s”", "it’s"),
        ('"a // b # c"', "a // b # c"),
        ("“http://x.y/#z”", "http://x.y/#z"),
        ('"（full）"', "（full）"),
        ("“a (b”", "a (b"),
        ("“costs $$1”", "costs $1"),
        ('"  two"', "  two"),
    ],
)
def test_what_stands_inside_a_string_stays(argument: str, value: str) -> None:
    draft = read_plan(f"1. look({argument})\n2. look('x')\n")
    assert draft.faults == ()
    assert draft.plan.calls[0].positional == (value,)
    assert len(draft.plan.calls) == 2


@pytest.mark.parametrize("argument", ['“say "hi"”', "“a” b”", "“a”b", "“open)", "‘open)"])
def test_no_value_is_guessed_from_quotes_that_do_not_match(argument: str) -> None:
    draft = read_plan(f"1. look({argument})\n2. look('x')\n")
    assert [fault.kind for fault in draft.faults] == ["syntax"]


LOST = [
    "2. calc", "2. Calc x=$1", "2. calc x=$1", '2. calc "a"', "2. calc $1", "2. calc [1", "2) calc",
    "- 2. calc", "**2.** calc", "2: calc x = 3", "2. calc(", "2. calc(x", "2. calc(x=", "2.", "2)",
    "2. then the result is added", "$2 =", "$2 = calc", "calc(x=$1)", "- calc(x=$1)",
    "height = calc(x=$1)", "2. calc{x=1}", "2. calc_it_all", "2. c", "2. if $1.a > 2: calc",
    "2. each $1: calc", "2. unless $1", "calc(x=1) # note",
]  # fmt: skip


@pytest.mark.parametrize("line", LOST)
@pytest.mark.parametrize("end", ["\n", ""])
def test_no_line_of_a_plan_vanishes(line: str, end: str) -> None:
    draft = read_plan(f"1. look('Everest')\n{line}{end}")
    assert draft.faults
    assert {fault.line for fault in draft.faults} == {2}


def test_a_last_word_cut_off_is_told() -> None:
    assert read_plan("1. look('x')\nansw").faults
    assert read_plan("1. look('x')\nanswer =").faults


@given(st.integers(1, 60), st.data())
def test_a_halved_last_line_is_a_fault_or_the_same_plan(half: int, data: Any) -> None:
    tool = data.draw(st.sampled_from(["calc", "get_height", "a", "search.web", "get-it"]))
    last = f'2. {tool}(x=$1, where="a b", n=3)'
    draft = read_plan("1. look('x')\n" + last[: min(half, len(last) - 1)])
    cut = last[:half]
    assert draft.faults or cut.strip() == "2" or half >= len(last) - 1


@pytest.mark.parametrize(
    "prose",
    [
        "Thought: I need heights.\n1. First I look it up.\n2. Then I add.\n\n",
        "I'll call look(x) and then calc(y).\n",
        "Steps:\n1. Overview\n2. Sum\n",
        "- the height (in m)\n- the unit\n",
        "Tools: look(name: string) -> {height: number}: Height of a mountain.\n",
        "In 2019, 3 people (or 4) climbed it.\n",
        "# 3. calc(x=1)\n// 3. calc(x=2)\n",
        "It's «nice» – isn’t it?\n",
    ],
)
@pytest.mark.parametrize("behind", [False, True])
def test_thoughts_before_and_behind_are_no_faults(prose: str, behind: bool) -> None:
    plan = written(f"1. {FIRST}", f"2. {SECOND}")
    draft = read_plan(f"{plan}\n{prose}" if behind else prose + plan)
    assert draft.faults == ()
    assert draft.plan == TWO


@pytest.mark.parametrize(
    "text",
    ["I cannot help with that.", "", "\n\n", "The height is 8,849 m (29,032 ft).", "```\n```"],
)
def test_prose_is_no_plan(text: str) -> None:
    assert [fault.kind for fault in read_plan(text).faults] == ["no plan"]
    assert read_plan(text, "json").faults
    assert [fault.kind for fault in draft_of([]).faults] == ["no plan"]


@pytest.mark.parametrize("text", ["{}", '{"calls": []}', '{"plan": [{"id": 1, "tool": "a"}]}'])
def test_an_object_without_calls_is_no_plan(text: str) -> None:
    assert [fault.kind for fault in read_plan(text, "json").faults] == ["no plan"]


@pytest.mark.parametrize(
    "text",
    [
        '{"calls": ["look(1)"], "join": true}',
        '{"calls": {"id": 1, "tool": "look"}, "join": true}',
        '{"calls": [], "drop": ["x"], "join": true}',
        '{"calls": [{"id": 1, "tool": "look"}, 7]}',
    ],
)
def test_an_element_that_is_no_call_is_told(text: str) -> None:
    assert [fault.kind for fault in read_plan(text, "json").faults] == ["syntax"]


JSON = """Sure:
```json
{“calls”: [ // two calls
  {"id": 1, "tool": "look", "arguments": {"name": “Everest [height}”,},},  # the {first
  {"id"：2, "tool": "calc", "arguments": {"x": {"$ref": "1"}, "url": "http://x//y"}},
], "answer": {"$ref": "2"},}
```"""


def test_a_json_plan_takes_typographic_quotes_comments_and_trailing_commas() -> None:
    draft = read_plan(JSON, "json")
    assert draft.faults == ()
    assert draft.plan.calls[0].arguments == {"name": "Everest [height}"}
    assert draft.plan.calls[1].arguments == {"x": Reference(1), "url": "http://x//y"}
    assert draft.plan.answer == Reference(2)


DEEP = 20_000


@pytest.mark.parametrize("opening", ["[", "(", "{'a': ", '{"a": [', "[(", "((("])
@pytest.mark.parametrize("closed", [False, True])
def test_deep_text_is_a_fault(opening: str, closed: bool) -> None:
    closing = "".join({"[": "]", "(": ")", "{": "}"}.get(x, "") for x in reversed(opening))
    inside = opening * DEEP + "1" + (closing * DEEP if closed else "")
    for line in (f"1. look({inside})\n", f"answer = {inside}\n", f"1. if {inside}: look(1)\n"):
        assert "syntax" in [fault.kind for fault in read_plan(line + "2. look(2)\n").faults]


@pytest.mark.parametrize("opening", ["[", '{"a": '])
@pytest.mark.parametrize("closed", [False, True])
def test_deep_json_is_a_fault(opening: str, closed: bool) -> None:
    inside = opening * DEEP + "1" + (("]" if opening == "[" else "}") * DEEP if closed else "")
    call = f'{{"id": 1, "tool": "look", "arguments": {{"a": {inside}}}}}'
    for text in (f'{{"calls": [{call}], "join": true}}', f'{{"calls": [], "answer": {inside}}}'):
        assert [fault.kind for fault in read_plan(text, "json").faults] == ["syntax"]
    reader = NativeReader()
    delta = {"index": 0, "function": {"name": "look", "arguments": f'{{"a": {inside}}}'}}
    found = draft_of([*reader.feed([delta]), *reader.end()])
    assert [fault.kind for fault in found.faults] == ["syntax"]


def test_depth_that_anybody_needs_is_read() -> None:
    depth = MOST_NESTED - 6
    value: Any = 1
    for _ in range(depth):
        value = [value]
    plan = Plan(calls=(Call(id=1, tool="look", arguments={"a": value}),), joined=True)
    for form in ("text", "json"):
        assert read_plan(write_plan(plan, form), form).plan == plan


@pytest.mark.parametrize("number", ["9" * 5000, "1e999", "-1e999"])
def test_a_number_beyond_all_numbers_is_a_fault(number: str) -> None:
    assert [f.kind for f in read_plan(f"1. look(x={number})\n").faults] == ["syntax"]


PIECES = [
    "1. look(“Everest”)", "2) calc(x=$1)", "- **3.** f(a='b', )", "2. calc", "3. Calc x=$1", "\n",
    "\n", "“", "’", "（", "）", "//", "# c", "answer = $1", "**answer**: “x”", '"', "'", "drop 2",
    "1. f(\n'x',\n[2, ])", "\r\n", "`", "Step 4: g()", "|", "$2 = h(", "join()", "\u200b", "é",
    '{"calls": [', '{"id": 1, "tool": “f”, "arguments": {"a": "b//c",}}', "]", "}", "/", "\\", ",",
]  # fmt: skip


@given(st.lists(st.sampled_from(PIECES), max_size=14), st.data())
@settings(max_examples=150)
@pytest.mark.parametrize("form", ["text", "json", "llmcompiler"])
def test_what_is_read_depends_on_the_text_and_not_on_its_chunks(
    form: Form, pieces: list[str], data: Any
) -> None:
    text = "".join(pieces)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=10)))
    whole, parts = open_reader(form), open_reader(form)
    expected = [*whole.feed(text), *whole.end()]
    found = []
    for start, end in zip([0, *cuts], [*cuts, len(text)], strict=True):
        found += parts.feed(text[start:end])
    assert [*found, *parts.end()] == expected


def test_many_open_quotes_are_read_in_linear_time() -> None:
    text = "".join(f"{number}. look(name='it's {number}')\n" for number in range(1, 5000))
    assert len(read_plan(text).faults) > 1000


def test_native_calls_with_strange_numbers_are_faults() -> None:
    for number in ("x", 0, 1.5, None):
        arguments = json.dumps({"_plan": {"id": number}})
        entry = {"index": 0, "function": {"name": "look", "arguments": arguments}}
        assert [f.kind for f in draft_of(NativeReader().feed([entry])).faults] == ["syntax"]
