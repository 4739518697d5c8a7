"""Real MCP servers over stdio and HTTP as tool sets."""

from __future__ import annotations

import asyncio
import shlex
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import pytest

from tts.backends.scripted import ScriptedGenerator
from tts.errors import NotSent, ToolFailed, Unavailable, UsageError
from tts.eval.bench.simulation import solved
from tts.planner import PlanSettings, PlanStrategy, check_plan, read_plan
from tts.planner.prompts import type_text
from tts.tools import MCPTools, ToolContext, ToolSet, instance_of

pytest.importorskip("mcp", reason="needs the extra: pip install 'tts-engine[mcp]'")
pytestmark = pytest.mark.timeout(120)

SCRIPT = Path(__file__).parent / "mcp_server.py"
CONTEXT = ToolContext(call="1", key="k", task="t")


class Server:
    """A process of the demo server; over stdio every connection starts its own."""

    def __init__(self, kind: Literal["stdio", "http"]) -> None:
        self.kind = kind
        self.process: subprocess.Popen[bytes] | None = None
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]

    @property
    def address(self) -> str:
        if self.kind == "stdio":
            return f"stdio:{sys.executable} {SCRIPT} stdio"
        return f"http://127.0.0.1:{self.port}/mcp"

    def start(self) -> None:
        """Returns once it listens."""
        self.stop()
        if self.kind == "stdio":
            return
        command = [sys.executable, str(SCRIPT), str(self.port)]
        self.process = subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        for _ in range(600):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.1)
        raise AssertionError("The server does not listen.")

    def stop(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()


@pytest.fixture(params=["stdio", "http"])
def server(request: pytest.FixtureRequest) -> Iterator[Server]:
    started = Server(request.param)
    started.start()
    yield started
    started.stop()


async def ask(tools: ToolSet, name: str, /, **arguments: Any) -> Any:
    return await tools[name].body(arguments, CONTEXT)


async def test_hints_of_a_trusted_server_set_effects(server: Server) -> None:
    async with MCPTools(server.address, trusted=True, retries=2) as tools:
        assert {name: tool.effect for name, tool in tools.items()} == {
            "double": "read",
            "sleep": "idempotent",
            "fail": "write",
            "die": "irreversible",
            "process_id": "read",
            "place": "read",
            "places": "read",
            "where": "read",
        }
        assert {tool.retries for tool in tools.values()} == {2}


async def test_effects_that_are_given_win_and_nothing_else_is_believed(server: Server) -> None:
    async with MCPTools(server.address, effects={"sleep": "read"}, prefix="my_") as tools:
        assert tools["my_sleep"].effect == "read"
        assert tools["my_double"].effect == "irreversible"
        assert await ask(tools, "my_double", a=4) == 8


async def test_an_error_of_a_tool_fails_the_call_and_keeps_the_connection(server: Server) -> None:
    async with MCPTools(server.address) as tools:
        first = await ask(tools, "process_id")
        with pytest.raises(ToolFailed, match="fail"):
            await ask(tools, "fail", reason="no")
        with pytest.raises(ToolFailed, match="valid integer"):
            await ask(tools, "double", a="x")
        assert await ask(tools, "process_id") == first


async def test_a_call_that_is_left_leaves_the_connection_usable(server: Server) -> None:
    async with MCPTools(server.address) as tools:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.5):
                await ask(tools, "sleep", seconds=3)
        assert await ask(tools, "double", a=1) == 2


async def test_a_lost_server_fails_the_call_and_the_next_one_connects_again(server: Server) -> None:
    async with MCPTools(server.address) as tools:
        before = await ask(tools, "process_id")
        with pytest.raises(Unavailable, match=r"mcp.* was lost during 'die'"):
            await ask(tools, "die")
        server.start()
        assert await ask(tools, "process_id") != before


async def test_calls_in_flight_fail_together_when_the_server_is_lost(server: Server) -> None:
    async with MCPTools(server.address) as tools:
        slow = [asyncio.create_task(ask(tools, "sleep", seconds=20)) for _ in range(3)]
        await asyncio.sleep(0.5)
        ended = await asyncio.gather(*slow, ask(tools, "die"), return_exceptions=True)
        assert [type(error) for error in ended] == [Unavailable] * 4


async def test_a_server_that_stays_away_is_told_as_not_sent() -> None:
    gone = Server("http")
    gone.start()
    async with MCPTools(gone.address) as tools:
        gone.stop()
        with pytest.raises((Unavailable, NotSent), match="MCP server"):
            await ask(tools, "double", a=1)
        with pytest.raises(NotSent, match=f"{gone.port}/mcp cannot be reached"):
            await ask(tools, "double", a=1)


async def test_results_that_are_no_objects_come_without_the_wrapper_of_the_protocol(
    server: Server,
) -> None:
    async with MCPTools(server.address, trusted=True) as tools:
        assert tools["double"].returns == {"type": "integer"}
        assert type_text(tools["place"].returns) == ("Place{name: string, inside: Place|null}|null")
        assert instance_of(tools["places"].returns)[0]["inside"] is None
        assert await ask(tools, "place", name="") is None
        assert await ask(tools, "places", names=["a"]) == [{"name": "a", "inside": None}]
        assert await ask(tools, "where", name="a") == {"name": "a", "inside": None}
        plan = read_plan("1. double(a=4)\n2. double(a=$1)\n3. double(a=$1.result)\njoin()").plan
        assert [(f.kind, f.call) for f in check_plan(plan, tools)] == [("unknown field", 3)]


async def test_the_last_words_of_a_server_that_dies_are_told_and_act_on_nothing() -> None:
    async with MCPTools(Server("stdio").address) as tools:
        with pytest.raises(Unavailable) as told:
            await ask(tools, "die")
        said = str(told.value).partition("; its stderr ends with: ")[2].split(" | ")
        assert said[:-2] == ["too early"] * 6
        assert said[-2].startswith("out of memory\ufffdxxx")
        assert len(said[-2]) == 160
        assert said[-1] == "bye"


async def test_what_a_server_wrote_during_a_call_that_failed_is_told() -> None:
    async with MCPTools(Server("stdio").address) as tools:
        with pytest.raises(ToolFailed, match=r"stderr ends with: .*ValueError: why"):
            await ask(tools, "fail", reason="why")


@pytest.mark.parametrize("code", ["import nosuchmodule", "import sys; sys.exit('nosuchmodule')"])
async def test_why_a_server_did_not_start_is_told(code: str) -> None:
    address = f"stdio:{sys.executable} -c {shlex.quote(code)}"
    with pytest.raises(NotSent, match=r"cannot be reached: .*stderr ends with: .*nosuchmodule"):
        async with MCPTools(address):
            pass


@pytest.mark.parametrize(("address", "why"), [("stdio:", "needs a command"), ("stdio:'", "quot")])
async def test_a_command_that_is_none_is_refused(address: str, why: str) -> None:
    with pytest.raises(UsageError, match=why):
        async with MCPTools(address):
            pass


@pytest.mark.parametrize("address", ["stdio:/no/such/program", "http://x:secret@127.0.0.1:1/mcp"])
async def test_no_server_at_all_is_an_error_that_names_it_without_its_password(
    address: str,
) -> None:
    with pytest.raises(NotSent, match="cannot be reached") as told:
        async with MCPTools(address):
            pass
    assert "secret" not in str(told.value)


async def test_a_server_that_says_nothing_is_not_waited_for() -> None:
    with pytest.raises(NotSent, match=r"no connection within 0\.5 s"):
        async with MCPTools(
            f"stdio:{sys.executable} -c 'import time; time.sleep(9)'", patience=0.5
        ):
            pass


async def test_one_task_may_open_and_another_close(server: Server) -> None:
    opened = MCPTools(server.address)
    tools = await asyncio.create_task(opened.__aenter__())
    assert await asyncio.create_task(ask(tools, "double", a=2)) == 4
    await asyncio.create_task(opened.__aexit__(None, None, None))
    with pytest.raises(NotSent, match="closed"):
        await ask(tools, "double", a=2)


async def test_a_plan_runs_on_a_server_and_ends_though_one_call_hangs(server: Server) -> None:
    text = "1. double(a=3)\n2. sleep(seconds=20) on failure skip\n3. double(a=$1)\nanswer = $3\n"
    async with MCPTools(server.address, trusted=True, timeout=1.0) as tools:
        strategy = PlanStrategy(tools, settings=PlanSettings())
        result = await solved(strategy, 8, ScriptedGenerator([text]))
        assert result.answer == "12"
        assert await ask(tools, "double", a=1) == 2
