"""The tools that `tts plan` may use: of modules, and of MCP servers while it runs."""

from __future__ import annotations

import importlib
import os
import sys
import traceback
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from difflib import get_close_matches
from types import ModuleType
from typing import Any

from msgspec import Struct

from tts.cli.options import several
from tts.errors import BadInput
from tts.tools import MCPTools, Tool, ToolSet


class Offer(Struct, frozen=True):
    """Where tools come from."""

    places: tuple[str, ...] = ()
    """`module:name`, each a tool or a list of them."""
    servers: tuple[str, ...] = ()
    """MCP servers: `http://…` or `stdio:command arguments`."""
    trusted: bool = False
    """Believe what the servers say of their tools' effects."""


@asynccontextmanager
async def opened(offer: Offer, local: Sequence[ToolSet]) -> AsyncIterator[ToolSet]:
    """All tools as one set, the connections open meanwhile; a name that two have is refused."""
    async with AsyncExitStack() as stack:
        servers = [MCPTools(server, trusted=offer.trusted) for server in offer.servers]
        sets = [*local, *[await stack.enter_async_context(one) for one in servers]]
        yield ToolSet([tool for one in sets for tool in one.values()])


def local_tools(offer: Offer) -> list[ToolSet]:
    """Those of modules; raises `BadInput` where nothing offers any."""
    places = several(offer.places)
    if not places and not offer.servers:
        raise BadInput("A plan needs tools: give --tools module:name, or --mcp with a server.")
    return [load_tools(place) for place in places]


def load_tools(place: str) -> ToolSet:
    """The tool, or the list of tools, that `module:name` names; the working directory counts.

    Raises `BadInput` in one line: what is wrong, where in the module, and what to write.
    """
    module, _, name = place.partition(":")
    if not module or not all(part.isidentifier() for part in [*module.split("."), name]):
        raise BadInput(
            f"Tools {place!r}: write module:name, such as my_tools:tools{_no_file(place)}."
        )
    found = _attribute(_imported(module, place), name, place)
    given = [found] if isinstance(found, Tool) or callable(found) else found
    if isinstance(found, MCPTools):
        raise BadInput(f"Tools {place!r} are an MCP server: give its address with --mcp.")
    if not isinstance(given, Iterable) or not all(
        callable(one) or isinstance(one, Tool) for one in given
    ):
        raise BadInput(
            f"Tools {place!r} are of type {type(found).__name__}, not a tool or a list of them."
        )
    return ToolSet(given)


def _imported(module: str, place: str) -> ModuleType:
    sys.path.insert(0, os.getcwd())
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name is not None and f"{module}.".startswith(f"{error.name}."):
            here = f"no module {error.name!r} in {os.getcwd()} or among the installed packages"
            raise BadInput(f"Tools {place!r}: there is {here}.") from error
        hint = f"install {error.name!r} beside tts, or take the import out"
        raise BadInput(f"Tools {place!r}: {_where(error)}: {_line(error)}; {hint}.") from error
    except SyntaxError as error:
        where = f"{error.filename}, line {error.lineno}"
        raise BadInput(f"Tools {place!r}: {where}: {error.msg}.") from error
    except (Exception, SystemExit) as error:  # whatever a module does when it is imported
        raise BadInput(
            f"Tools {place!r}: {_where(error)}: {type(error).__name__}: {_line(error)}; "
            "the module has to be importable."
        ) from error
    finally:
        sys.path.remove(os.getcwd())


def _attribute(module: ModuleType, name: str, place: str) -> Any:
    try:
        return getattr(module, name)
    except AttributeError as error:
        names = [key for key in vars(module) if not key.startswith("_")]
        near = next(iter(get_close_matches(name, names, n=1)), "")
        hint = f" Did you mean {module.__name__}:{near}?" if near else ""
        file = getattr(module, "__file__", None) or module.__name__
        raise BadInput(f"Tools {place!r}: {file} has no {name!r}.{hint}") from error


def _where(error: BaseException) -> str:
    """File and line of the user's own code in which a module failed."""
    frames = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if not frame.filename.startswith("<frozen") and frame.filename != importlib.__file__
    ]
    own = [frame for frame in frames[1:] if "site-packages" not in frame.filename]
    return f"{own[-1].filename}, line {own[-1].lineno}" if own else "at its import"


def _line(error: BaseException) -> str:
    return " ".join(str(error).split()) or "no reason given"


def _no_file(place: str) -> str:
    """What to write instead of a file's path."""
    path, _, name = place.partition(":")
    if not path.endswith(".py"):
        return ""
    module = os.path.normpath(path.removesuffix(".py")).strip("/").replace(os.sep, ".")
    return f"; here {module}:{name or 'tools'}"
