"""`peers`: the same calls by this engine with everything on, by bare aiohttp and by other libraries.

Each other library lives in an environment of its own below the cache folder, made by
`tts bench peers --install-peers`, and is left out where it is not installed. Everybody is a process
that waits for its turn, on one core, with the garbage collector set alike; the server has another
core and answers at once.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import venv
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import msgspec
from msgspec import Struct

from tts.engine import open_session
from tts.errors import UsageError
from tts.eval.bench import peer_client
from tts.eval.bench.client import options
from tts.eval.bench.measuring import pinned
from tts.eval.bench.processes import ServerProcess
from tts.eval.bench.report import Row, at_least, figure, within
from tts.eval.bench.workload import engine_calls
from tts.ledger import Ledger
from tts.values.places import user_cache

PEERS = {
    "its_hub": ("its_hub[lm]",),
    "openai": ("openai",),
    "inspect_ai": ("inspect_ai", "openai"),
    "litellm": ("litellm",),
}
"""By the name of the distribution, with what its client of an OpenAI-like server needs beside it."""
ENGINE, BARE = "tts-engine", "aiohttp"
QUIET = {"OPENAI_API_KEY": "none", "LITELLM_LOCAL_MODEL_COST_MAP": "True"}
"""So that no library asks for a key, or fetches its list of prices."""
IN_FLIGHT, CALLS, RUNS = 512, 2048, 5


class Turn(Struct, frozen=True):
    """Seconds of all calls."""

    cpu: float
    wall: float
    version: str


def peers(*, install: bool = False, calls: int = CALLS, runs: int = RUNS) -> list[Row]:
    """Processor time per call and calls per second at 512 in flight; first installs where asked."""
    if install:
        for name in PEERS:
            installed(name)
    there = [name for name in PEERS if interpreter(name).exists()]
    with pinned() as other, ServerProcess(core=other) as server:
        turns = _turns([BARE, ENGINE, *there], server.url, calls=calls, runs=runs)
    rows = [_bare_row(turns, calls)]
    for name in PEERS:
        rows += _beside(name, turns, calls) if turns.get(name) else [_left_out(name)]
    return rows


def _left_out(name: str) -> Row:
    missing = "not installed, see `tts bench peers --install-peers`"
    why = "fails as it is installed" if interpreter(name).exists() else missing
    return figure(f"{name} is left out: {why}", 0, "")


def _bare_row(turns: dict[str, list[Turn]], calls: int) -> Row:
    mine, theirs = _per_call(turns[ENGINE], calls), _per_call(turns[BARE], calls)
    what = f"CPU per call, engine beside {BARE} {turns[BARE][0].version}"
    return figure(what, mine, "µs", baseline=theirs)


def _beside(name: str, turns: dict[str, list[Turn]], calls: int) -> list[Row]:
    mine, theirs = (_per_call(turns[one], calls) for one in (ENGINE, name))
    rate, their_rate = (calls / median(t.wall for t in turns[one]) for one in (ENGINE, name))
    who = f"engine beside {name} {turns[name][0].version}"
    return [
        within(f"CPU per call, {who}", mine, "µs", baseline=theirs, times=1),
        at_least(f"calls per second, {who}", rate, "", bar=their_rate, baseline=their_rate),
    ]


def _per_call(turns: list[Turn], calls: int) -> float:
    return median(turn.cpu for turn in turns) / calls * 1e6


def _turns(names: list[str], url: str, *, calls: int, runs: int) -> dict[str, list[Turn]]:
    """Everybody's turns, one contender after the other in every run, once all are warm.

    A library that fails in its first turn has no turns.
    """
    with ExitStack() as stack:
        waiting = {name: stack.enter_context(_waiting(name, url, calls)) for name in names}
        warm = {name: one for name, one in waiting.items() if _turn(one) is not None}
        turns = [{name: _turn(one) for name, one in warm.items()} for _ in range(runs)]
    return {name: [took for turn in turns if (took := turn[name])] for name in warm}


@contextmanager
def _waiting(name: str, url: str, calls: int) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [*_program(name), url, str(IN_FLIGHT), str(calls)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={**os.environ, **QUIET},
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def _program(name: str) -> list[str]:
    if name == ENGINE:
        return [sys.executable, "-m", "tts.eval.bench.peers"]
    python = sys.executable if name == BARE else str(interpreter(name))
    return [python, peer_client.__file__, name]


def _turn(process: subprocess.Popen[str]) -> Turn | None:
    """None: it is over. A library may write lines of its own before the answer."""
    asked, said = process.stdin, process.stdout
    assert asked is not None and said is not None
    try:
        asked.write("\n")
        asked.flush()
    except BrokenPipeError:
        return None
    answer = next((line for line in said if line.startswith("{")), None)
    return None if answer is None else msgspec.json.decode(answer, type=Turn)


def interpreter(name: str) -> Path:
    """Of a peer's environment, whether it is there or not."""
    return user_cache() / "tts" / "peers" / name / "bin" / "python"


def installed(name: str) -> None:
    """Make a peer's environment with pip, unless it is there; UsageError where that fails."""
    python = interpreter(name)
    if python.exists():
        return
    try:
        venv.create(python.parent.parent, with_pip=True)
        command = [str(python), "-m", "pip", "install", "--quiet", *PEERS[name]]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    except (OSError, subprocess.CalledProcessError) as failed:
        python.unlink(missing_ok=True)
        raise UsageError(f"{name} could not be installed: {failed}") from failed


async def main(url: str, in_flight: int, calls: int) -> None:
    """The engine's turns: each with a ledger of its own on disk, as in `client`."""
    session = await open_session(options(url, in_flight))
    with TemporaryDirectory() as folder:
        places = iter(range(1_000_000))

        async def turn() -> None:
            async with Ledger.open(Path(folder) / str(next(places)), job="bench") as ledger:
                await engine_calls(session, ledger, calls=calls, in_flight=in_flight)

        await peer_client.answer_lines(ENGINE, turn)
    await session.close()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))
