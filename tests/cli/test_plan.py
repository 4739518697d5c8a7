"""`tts plan`: looking never acts, and what failed is said."""

from __future__ import annotations

import io
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tts.backends.scripted import ScriptedGenerator
from tts.cli.plan import Asking, Wish, show_plan
from tts.cli.plan_tools import Offer, load_tools
from tts.engine import Engine
from tts.errors import BadInput, TTSError
from tts.planner import Call
from tts.tools import ToolSet

SHOP = """
import tts

log = {log!r}


def noted(what):
    with open(log, "a") as out:
        out.write(what + "\\n")


@tts.tool(effect="read")
async def price(item: str) -> float:
    noted("price")
    return 2.0


@tts.tool(effect="pure")
def multiply(a: float, b: float) -> float:
    noted("multiply")
    return a * b


@tts.tool
def add(a: float, b: float) -> float:
    noted("add")
    return a + b


@tts.tool(effect="write")
def store(a: float) -> float:
    noted("store")
    return a


@tts.tool(effect="read")
async def broken(item: str) -> float:
    raise ValueError("the shop is closed")


tools = [price, multiply, add, store, broken]
"""
RISKY = '1. price(item="pear")\n2. add(a=$1, b=1)\n3. add(a=$2, b=1)\nanswer = $3\n'
CONSTANT = "1. multiply(a=2, b=3)\n2. store(a=$1)\nanswer = $2\n"


class Shop:
    """A tools module that notes its calls, and a model that says one plan."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.log = folder, folder / "calls.log"
        (folder / "shop.py").write_text(SHOP.format(log=str(self.log)))
        self.plan = RISKY

    def show(self, **wish: Any) -> None:
        offer = wish.pop("offer", Offer(("shop:tools",)))
        show_plan("a task", offer, {"model": "scripted"}, Wish(**wish))

    @property
    def made(self) -> list[str]:
        return self.log.read_text().split() if self.log.exists() else []


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    opened = Shop(tmp_path)
    monkeypatch.chdir(tmp_path)
    engine: Any = Engine

    def scripted(model: str, **options: Any) -> Any:
        return engine(ScriptedGenerator([opened.plan] * 3), **options)

    monkeypatch.setattr("tts.cli.plan.Engine", scripted)
    yield opened
    sys.modules.pop("shop", None)


@pytest.mark.parametrize("plan", [RISKY, CONSTANT])
@pytest.mark.parametrize("more", [{}, {"optimise": True}, {"form": "json"}, {"yes": True}])
def test_a_plan_that_is_looked_at_calls_nothing(
    shop: Shop, plan: str, more: dict[str, Any], capsys: Any
) -> None:
    shop.plan = plan
    html = shop.folder / "plan.html"
    shop.show(html=html, **more)
    assert shop.made == []
    assert "answer" in capsys.readouterr().out
    page = html.read_text()
    assert "Not run: nothing was called" in page and ">a task<" in page
    bars = re.findall(r'<rect class="bar[^"]*" x=', page)
    assert len(bars) == 2 * plan.count("("), "wide and narrow"


def test_what_cannot_be_undone_is_refused_where_nobody_can_be_asked(
    shop: Shop, capsys: Any
) -> None:
    with pytest.raises(SystemExit) as left:
        shop.show(execute=True)
    assert left.value.code == 1
    assert shop.made == []
    assert "add cannot be undone" in capsys.readouterr().err.replace("calls of ", "")


def test_with_yes_it_runs(shop: Shop, capsys: Any) -> None:
    html = shop.folder / "run.html"
    shop.show(execute=True, yes=True, html=html)
    assert shop.made == ["price", "add", "add"]
    assert "answer       4.0" in capsys.readouterr().out
    assert "<dt>took</dt>" in html.read_text()


def test_declared_reads_and_writes_run_without_a_question(shop: Shop, capsys: Any) -> None:
    shop.plan = CONSTANT
    shop.show(execute=True)
    assert shop.made == ["multiply", "store"]


def test_constants_are_folded_only_by_a_run(shop: Shop, capsys: Any) -> None:
    shop.plan = CONSTANT
    shop.show(execute=True, optimise=True)
    assert shop.made == ["multiply", "store"]
    assert "constant folding" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("said", "granted"), [("y\nn\n", [True, False]), ("a\n", [True, True]), ("", [False, False])]
)
async def test_on_a_terminal_each_call_is_asked_about(
    said: str, granted: list[bool], monkeypatch: pytest.MonkeyPatch, shop: Shop, capsys: Any
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(said))
    asking = Asking(load_tools("shop:tools"), yes=False, terminal=True)
    assert await asking(Call(id=1, tool="price"), {"item": "x"})
    found = [await asking(Call(id=n, tool="add"), {"a": 7, "b": n}) for n in (2, 3)]
    assert found == granted
    assert "2. add(a=7, b=2) cannot be undone" in capsys.readouterr().out


async def test_a_call_that_only_a_patch_brings_is_refused_as_well(shop: Shop) -> None:
    asking = Asking(load_tools("shop:tools"), yes=False, terminal=False)
    assert not await asking(Call(id=9, tool="add"), {"a": 1, "b": 1})
    assert await asking(Call(id=9, tool="store"), {"a": 1})


def test_a_tool_that_raises_ends_with_1_and_says_why(shop: Shop, capsys: Any) -> None:
    shop.plan = '1. broken(item="pear")\nanswer = $1\n'
    with pytest.raises(SystemExit) as left:
        shop.show(execute=True)
    assert left.value.code == 1
    err = capsys.readouterr().err
    assert "broken" in err
    assert "the shop is closed" in err


def test_a_failure_that_the_plan_lets_pass_is_shown(shop: Shop, capsys: Any) -> None:
    shop.plan = '1. broken(item="x") on failure use 3\n2. multiply(a=$1, b=2)\nanswer = $2\n'
    shop.show(execute=True)
    out = capsys.readouterr().out
    assert "answer       6.0" in out
    assert "the shop is closed" in " ".join(out.replace("│", " ").split())


@pytest.mark.parametrize("execute", [False, True])
def test_a_plan_with_faults_ends_with_1_and_still_has_its_page(
    shop: Shop, execute: bool, capsys: Any
) -> None:
    shop.plan = "1. prize(item=2)\n2. multiply(a=$3, b=1)\n3. multiply(a=$2, b=1)\nanswer = $3\n"
    html = shop.folder / "plan.html"
    with pytest.raises(SystemExit) as left:
        shop.show(execute=execute, html=html)
    assert left.value.code == 1
    assert shop.made == []
    assert "unknown tool" in html.read_text()
    assert "cannot run" in capsys.readouterr().err


def test_a_page_that_cannot_be_written_is_refused_before_anything_runs(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="folder"):
        wish = Wish(execute=True, html=tmp_path / "missing" / "plan.html")
        show_plan("a task", Offer(("statistics:fmean",)), {}, wish)


@pytest.mark.parametrize("place", ["math:pi", "math:nothing", "no_such_module:x", "string:digits"])
def test_what_is_no_tool_is_refused(place: str) -> None:
    with pytest.raises(BadInput, match="Tools"):
        load_tools(place)


def test_a_plain_function_is_a_tool() -> None:
    assert list(load_tools("statistics:fmean")) == ["fmean"]


@pytest.mark.parametrize(
    ("source", "name", "told"),
    [
        ("x = 1\ndef tools(:\n    pass\n", "tools", "line 2"),
        ("'unclosed\n", "tools", "line 1"),
        ("\nimport no_such_package\n", "tools", "line 2: No module named 'no_such_package'"),
        ("from statistics import no_such_name\n", "tools", "line 1: ImportError"),
        ("\n\n1 / 0\n", "tools", "line 3: ZeroDivisionError: division by zero"),
        ("import sys\nsys.exit('bye')\n", "tools", "line 2: SystemExit: bye"),
        ("tools = [len]\n", "tool", "Did you mean own_tools:tools?"),
        ("tools = [len, 3]\n", "tools", "not a tool or a list"),
        ("def tools(*a): pass\n", "tools", "no fixed name"),
        ("def tools(a: 'Nowhere'): pass\n", "tools", "cannot be resolved"),
    ],
)
def test_a_tools_module_that_fails_is_one_line_with_its_place(
    source: str, name: str, told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "own_tools.py").write_text(source)
    monkeypatch.chdir(tmp_path)
    sys.modules.pop("own_tools", None)
    from tts.errors import UsageError

    with pytest.raises(UsageError) as raised:
        load_tools(f"own_tools:{name}")
    assert told in str(raised.value)
    assert "\n" not in str(raised.value)
    sys.modules.pop("own_tools", None)


@pytest.mark.parametrize("place", ["", ":", "shop", "shop:", ":tools", "./shop.py:tools", "a b:c"])
def test_what_is_no_module_and_name_says_what_to_write(place: str) -> None:
    with pytest.raises(BadInput, match="write module:name"):
        load_tools(place)


def test_a_set_of_tools_is_a_set_of_tools(shop: Shop) -> None:
    assert isinstance(load_tools("shop:tools"), ToolSet)


def test_the_tree_goes_from_the_answer_down_to_what_it_waits_for(shop: Shop, capsys: Any) -> None:
    shop.plan = '1. price(item="pear")\n2. add(a=$1, b=1)\n3. add(a=$1, b=$2)\nanswer = $3\n'
    shop.show()
    out = capsys.readouterr().out
    assert "flowchart" not in out
    assert out.rstrip().endswith(
        "answer = $3\n"
        "└── 3. add(a=$1, b=$2)\n"
        '    ├── 1. price(item="pear")\n'
        "    └── 2. add(a=$1, b=1)\n"
        "        └── $1 (see above)"
    )


def test_the_graph_as_mermaid_is_a_flag(shop: Shop, capsys: Any) -> None:
    shop.show(mermaid=True)
    assert "flowchart TD" in capsys.readouterr().out


def test_a_run_as_json_is_one_document(shop: Shop, capsys: Any) -> None:
    shop.show(execute=True, yes=True, as_json=True)
    told = json.loads(capsys.readouterr().out)
    assert told["run"]["answer"] == "4.0" and told["faults"] == [] and told["failure"] == ""
    assert [call["tool"] for call in told["plan"]["calls"]] == ["price", "add", "add"]


def test_a_plan_with_faults_is_one_document_too(shop: Shop, capsys: Any) -> None:
    shop.plan = "1. prize(item=2)\nanswer = $1\n"
    with pytest.raises(SystemExit):
        shop.show(as_json=True)
    told = json.loads(capsys.readouterr().out)
    assert told["run"] is None and told["faults"]


def test_a_budget_below_what_the_plan_needs_to_be_written_is_refused(shop: Shop) -> None:
    with pytest.raises(TTSError):
        shop.show(budget="1 tokens")


def test_what_writing_the_plan_spent_is_not_spent_again_by_its_run(shop: Shop, capsys: Any) -> None:
    """One call writes the plan, and three make it."""
    shop.show(budget="4 calls", execute=True, yes=True)
    assert "answer       4.0" in capsys.readouterr().out
    with pytest.raises(SystemExit):
        shop.show(budget="3 calls", execute=True, yes=True)
    assert "stopped by   budget" in capsys.readouterr().out


def test_tools_come_from_several_places_repeated_or_with_commas(shop: Shop, capsys: Any) -> None:
    shop.plan = "1. fmean(data=[1, 3])\n2. add(a=$1, b=1)\nanswer = $2\n"
    for places in (("shop:tools", "statistics:fmean"), ("shop:tools, statistics:fmean",)):
        shop.show(offer=Offer(places), execute=True, yes=True)
        assert "answer       3.0" in capsys.readouterr().out


def test_without_any_tools_it_is_said_how_to_give_some(shop: Shop) -> None:
    with pytest.raises(BadInput, match="--tools module:name, or --mcp"):
        shop.show(offer=Offer())


def test_the_tools_of_an_mcp_server_are_planned_with(shop: Shop, capsys: Any) -> None:
    pytest.importorskip("mcp")
    server = Path(__file__).parents[1] / "tools" / "mcp_server.py"
    shop.plan = "1. double(a=4)\nanswer = $1\n"
    offer = Offer(servers=(f"stdio:{sys.executable} {server} stdio",), trusted=True)
    shop.show(offer=offer, execute=True)
    assert "answer       8" in capsys.readouterr().out
