"""What a model says in a run of `code_monkeys` on a set whose patches are recorded.

It knows the issues' tests and patches of every worth, so that the whole way from an issue to a chosen
patch can be gone without a model. It is a test bed: what it scores says nothing of any model.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from tts.eval.swe.instance import Instance
from tts.repository import FileChange, Tree, applied, parse_patch

MOST_FINALISTS = 5


def write_script(path: Path, instances: Iterable[Instance]) -> int:
    """Write the rows for `scripted:FILE`; returns how many."""
    rows = [row for one in instances for row in sayings(one)]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return len(rows)


def sayings(one: Instance) -> Iterator[dict[str, Sequence[str]]]:
    """The rows of an instance, the narrower ones first."""

    def row(last: str, *says: str) -> dict[str, Sequence[str]]:
        return {"where": [one.problem_statement, last], "says": says}

    touched = [path for change in parse_patch(one.patch) for path in change.paths]
    edits = [text for each in one.candidates if (text := edits_of(one, each.patch))]
    tests = [_block("test", text) for text in scripts(one)]
    yield row("Write a test of the issue. Run now", *tests)
    yield row("The test was run on the code as it is", "It shows the issue.\n<done></done>")
    yield row("Solve the issue. Think first", *(_block("edit", text) for text in edits))
    yield row("Do exactly one of three", "Both are right.\n<done></done>")
    yield row("Decide which change solves", tests[0])
    for place in range(1, 1 + MOST_FINALISTS):
        told = f"Change {place}. It ended with exit code 0"
        yield row(told, f"The test passes on this one.\n<choice>{place}</choice>")
    yield row("The test was run.", "It passes on none.\n<choice>1</choice>")
    yield row("Whoever solves the issue", "These.\n<files>\n" + "\n".join(touched) + "\n</files>")
    for path in Tree(one.files).sources:
        matters = path in touched or not path.endswith("__init__.py")
        told = "yes\nSUMMARY: It holds\nwhat the issue is about." if matters else "no"
        where = [one.problem_statement, f"File {path}:", "Could this file have to be changed"]
        yield {"where": where, "says": [f"I have read it.\nRELEVANT: {told}"]}


def _block(name: str, text: str) -> str:
    return f"I think so.\n<{name}>\n{text}\n</{name}>"


def scripts(one: Instance) -> tuple[str, ...]:
    """Tests of the issue: all that it mends, one of these alone, and one that is always content."""
    tested = applied(Tree(one.files), one.test_patch)
    changed = {path: tested.files[path] for path in Tree(one.files).changes(tested)}
    whole = _script(changed, one.FAIL_TO_PASS)
    return whole, _script(changed, one.FAIL_TO_PASS[:1]), "print('nothing was tried')\n"


def _script(files: dict[str, str], ids: Sequence[str]) -> str:
    return (
        "import sys\nimport pytest\n"
        f"for path, text in {files!r}.items():\n"
        "    with open(path, 'w', encoding='utf-8') as file:\n        file.write(text)\n"
        f"code = pytest.main(['-q', '-p', 'no:cacheprovider', *{list(ids)!r}])\n"
        "print('the issue is solved' if code == 0 else 'the issue is there')\n"
        "sys.exit({0: 0, 1: 2}.get(int(code), 1))\n"
    )


def edits_of(one: Instance, patch: str) -> str:
    """A patch as blocks of edits, one for each hunk; empty where it makes files or tests."""
    changes = parse_patch(patch)
    if any(change.old is None or change.new is None for change in changes):
        return ""
    if any(re.match(r"tests?/", change.new or "") for change in changes):
        return ""
    return "\n".join(block for change in changes for block in _blocks(change))


def _blocks(change: FileChange) -> Iterator[str]:
    for hunk in change.hunks:
        old, new = "".join(hunk.old), "".join(hunk.new)
        yield f"<<<< SEARCH {change.new}\n{old}====\n{new}>>>> REPLACE"
