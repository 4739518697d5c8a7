"""What a model is asked about a repository, and how its replies are read.

The structure follows CodeMonkeys (Ehrlich et al. 2025, appendix): thoughts first, then exactly one
tagged block; tests are called fallible wherever they are shown; each reply that cannot be read is told
what to mend. The words are our own.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Literal

from msgspec import Struct

from tts.repository import ScriptRun, Tree
from tts.values import Message

ROLE = "You solve issues of Python repositories."
CONTRACT = (
    "A test of the issue is a script of its own that is run in the root of the repository with "
    "nothing kept from one run to the next. It says in words what it tries and finds, and ends with "
    "exit code 2 where the issue is there, 0 where it is solved, and 1 where the test itself is "
    "broken. Tests can be wrong: they are evidence, not proof."
)
EDITS = (
    "A change is written in blocks:\n<<<< SEARCH path/of/file.py\nlines as they are\n====\nlines as "
    "they are to be\n>>>> REPLACE\nThe searched lines are whole lines, copied exactly, and stand "
    "once in the file. Several blocks may follow each other. Every change is relative to the files "
    "as they are shown, not to an earlier change of yours. Tests are not changed and no file is made."
)
RELEVANCE = (
    "Issue:\n{issue}\n\nFile {path}:\n```python\n{text}\n```\n\nCould this file have to be changed, "
    "or read, to solve the issue? Think first. Then end with a line `RELEVANT: yes` or "
    "`RELEVANT: no`, and where it is yes a line `SUMMARY: ` with what the file does for the issue."
)
RANKING = (
    "Issue:\n{issue}\n\nFiles that may matter, with their length in tokens:\n{files}\n\nWhoever solves "
    "the issue will see only what you name. Think first, then name the files, the most important "
    "first, one path a line, between <files> and </files>."
)
TEST = (
    "Issue in {repo}:\n{issue}\n\nWrite a test of the issue. Run now, it has to end with exit code 2. "
    "Think first, then put the script between <test> and </test>."
)
TESTED = (
    "The test was run on the code as it is, where it has to end with exit code 2.\n{run}\n\nIf it shows "
    "the issue and says clearly what it finds, end with <done></done>. Otherwise write the whole "
    "script again between <test> and </test>."
)
EDIT = (
    "A test of the issue that may be wrong:\n```python\n{test}\n```\nOn the code as it is:\n{base}\n\n"
    "Solve the issue. Think first, then put your change between <edit> and </edit>."
)
TRIED = (
    "Your change:\n```diff\n{diff}\n```\nThe test on the code as it is:\n{base}\n\nThe test on the "
    "changed code:\n{after}\n\nDo exactly one of three: put a whole new change between <edit> and "
    "</edit>, or a whole new test between <test> and </test>, or end with <done></done> where both "
    "are right."
)
SELECT = (
    "Issue:\n{issue}\n\n{files}\n\nChanges that were proposed:\n\n{changes}\n\nA test that may be "
    "wrong:\n```python\n{test}\n```\n\nDecide which change solves the issue best. Write a test on which "
    "they behave differently, between <test> and </test>; it is run on the code as it is and on each "
    "change. Decide by what was run; of equals take the simpler. When you are sure, end with "
    "<choice>NUMBER</choice>."
)
SELECTED = (
    "The test was run.\n{runs}\n\nWrite another test between <test> and </test>, or end with "
    "<choice>NUMBER</choice>."
)
UNREAD = "Nothing could be read: end with exactly one {blocks}."
CUT = 8192
"""Characters of an output that a model is shown."""

Block = Literal["test", "edit", "done", "choice", "files"]


class Said(Struct, frozen=True):
    """The one block of a reply and what stands in it."""

    block: Block
    text: str


def read(reply: str, blocks: Sequence[Block]) -> Said | None:
    """The one block of a reply; None where there is none, or where there are several."""
    found = [
        Said(block, part)
        for block in blocks
        for part in re.findall(rf"<{block}>(.*?)</{block}>", reply, re.DOTALL)
    ]
    return found[0] if len(found) == 1 else None


def unread(blocks: Sequence[Block]) -> str:
    return UNREAD.replace("{blocks}", " or ".join(f"<{one}>…</{one}>" for one in blocks))


def script_of(text: str) -> str:
    """A script out of its block, with or without fences."""
    fenced = re.search(r"```(?:python)?[ \t]*\n(.*?)```", text, re.DOTALL)
    return (fenced[1] if fenced else text).strip("\n") + "\n"


def relevance_of(reply: str) -> tuple[bool, str] | None:
    """Whether a file matters and why; None where the reply says neither."""
    said = re.findall(r"RELEVANT:\W*(yes|no)\b", reply, re.IGNORECASE)
    if not said:
        return None
    summary = re.search(r"SUMMARY:\s*(.*)", reply, re.DOTALL | re.IGNORECASE)
    return said[-1].lower() == "yes", " ".join(summary[1].split()) if summary else ""


def ranking_of(reply: str, known: Sequence[str]) -> tuple[str, ...]:
    """The paths that a reply names, in its order; those that there are not are left out."""
    said = read(reply, ("files",))
    lines = (said.text if said else reply).splitlines()
    named = (line.strip(" \t-*`\"',0123456789.)") for line in lines)
    return tuple(dict.fromkeys(path for path in named if path in known))


def run_told(run: ScriptRun | None) -> str:
    """How a script ended and what it said; the middle of a long output is left out."""
    if run is None:
        return "It was not run."
    how = f"exit code {run.code}" if run.ended == "exited" else "stopped at a limit"
    output = run.output
    if len(output) > CUT:
        output = f"{output[: CUT // 2]}\n… {len(output) - CUT} characters left out …\n{output[-CUT // 2 :]}"
    return f"It ended with {how} and said:\n```\n{output.strip()}\n```"


def shown(tree: Tree, paths: Iterable[str]) -> str:
    """Files with their paths."""
    return "\n\n".join(f"File {path}:\n```python\n{tree.files[path]}```" for path in paths)


def filled(wording: str, **parts: str) -> str:
    """A wording with its parts in place, whatever braces they hold."""
    places = re.split(r"\{(\w+)\}", wording)
    return "".join(parts.get(one, "") if place % 2 else one for place, one in enumerate(places))


def turns(system: str, user: str) -> tuple[Message, ...]:
    return Message("system", system), Message("user", user)
