"""What judges programs in a session: its sandbox with the examples verifier and the grader, linters."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tts.errors import UsageError
from tts.options import SessionOptions
from tts.protocols import Generator

if TYPE_CHECKING:
    from tts.verifiers.code import ExamplesVerifier, SharedSandbox
    from tts.verifiers.lint import LintVerifier
    from tts.verifiers.repository import RepositoryBox
    from tts.verifiers.sandbox import Isolation, Sandbox


def open_sandbox(options: SessionOptions, readable: tuple[str, ...] = ()) -> Sandbox:
    """A sandbox at the strongest level here; raises `IsolationTooLow` below what is demanded."""
    from tts.verifiers.sandbox import Sandbox

    return Sandbox(least=least_isolation(options), readable=readable)


def least_isolation(options: SessionOptions) -> Isolation:
    """What the options demand; less than files and network kept away takes `unsafe_local`."""
    from tts.verifiers.sandbox import LADDER, LEAST
    from tts.verifiers.sandbox.execution import rung

    place = rung(options.min_isolation or ("rlimits" if options.unsafe_local else LEAST))
    if place < rung(LEAST) and not options.unsafe_local:
        raise UsageError(
            f"--min-isolation {options.min_isolation} would run generated code with this account's "
            "files and network: say --unsafe-local as well where that is meant."
        )
    return LADDER[place]


async def open_examples(
    name: str, options: SessionOptions, generator: Generator
) -> ExamplesVerifier:
    """`examples`: the share of the examples in a problem's text that a program passes."""
    from tts.verifiers.code import ExamplesVerifier

    if name:
        raise UsageError(f"Verifier 'examples:{name}': it takes no name, write examples.")
    return ExamplesVerifier(open_sandbox(options))


async def open_lint(name: str, options: SessionOptions, generator: Generator) -> LintVerifier:
    """`lint`: what ruff finds in a program; `lint:bandit`, `lint:ruff+bandit`."""
    from tts.verifiers.lint import LintVerifier
    from tts.verifiers.linters import LINTERS, LinterName, open_linter

    asked = name.split("+") if name else [LINTERS[0]]
    known: list[LinterName] = [one for one in LINTERS if one in asked]
    if len(known) != len(asked):
        raise UsageError(f"Verifier 'lint:{name}': write lint, lint:bandit or lint:ruff+bandit.")
    return LintVerifier([await open_linter(one) for one in known])


def shared_sandbox(options: SessionOptions) -> SharedSandbox:
    """The sandbox that graders and strategies run programs in, opened at the first one."""
    from tts.verifiers.code import SharedSandbox

    return SharedSandbox(lambda: open_sandbox(options))


def repository_box(options: SessionOptions) -> RepositoryBox:
    """Where scripts and tests of repositories run; its sandbox is opened at the first one."""
    from tts.verifiers.repository import RepositoryBox

    return RepositoryBox(lambda packages: open_sandbox(options, packages))
