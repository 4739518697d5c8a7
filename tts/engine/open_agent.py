"""`agent:module:name`: an agent that a module makes, opened by its name as models are."""

from __future__ import annotations

import os
import sys
from importlib import import_module
from typing import Any

from tts.backends.agent import AgentGenerator, agent
from tts.errors import BadInput, described
from tts.options import SessionOptions
from tts.protocols import Generator


async def open_agent(name: str, options: SessionOptions) -> Generator:
    """The agent of a module; the working directory counts. Raises `BadInput` in one line."""
    return loaded(name)


def loaded(place: str) -> AgentGenerator:
    """What `module:name` names: an `AgentGenerator`, or an async function of an `AgentTask`."""
    module, _, name = place.partition(":")
    if not module or not all(part.isidentifier() for part in [*module.split("."), name]):
        raise BadInput(f"Model 'agent:{place}': write agent:module:name, such as agent:shop:solve.")
    found = getattr(_imported(module, place), name, None)
    if isinstance(found, AgentGenerator):
        return found
    if not callable(found):
        kind = "nothing" if found is None else f"of type {type(found).__name__}"
        raise BadInput(f"Model 'agent:{place}' is {kind}: an agent or an async function is needed.")
    made: AgentGenerator = agent(name=name)(found)
    return made


def _imported(module: str, place: str) -> Any:
    sys.path.insert(0, os.getcwd())
    try:
        return import_module(module)
    except (Exception, SystemExit) as error:  # whatever a module does when it is imported
        raise BadInput(f"Model 'agent:{place}' cannot be imported: {described(error)}.") from error
    finally:
        sys.path.pop(0)
