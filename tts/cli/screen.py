"""The terminal: what is printed is read, and never acts."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable
from typing import Any

import msgspec
from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment
from rich.text import Text

from tts.values import Usage
from tts.values.visible import ACTING, harmless, visible

_ESCAPED = re.compile(f"[{ACTING}]")


class Screen(Console):
    """A console on which no text is markup, an emoji code or an escape sequence.

    Texts come from models, servers, files and other people's packages: whatever they hold, the
    only sequences that reach the terminal are those of the tables and colours drawn here.
    """

    def __init__(self, *, stderr: bool = False, soft_wrap: bool = False) -> None:
        super().__init__(
            stderr=stderr, soft_wrap=soft_wrap, markup=False, emoji=False, highlight=False
        )

    def on_broken_pipe(self) -> None:
        raise BrokenPipeError

    def render(
        self, renderable: RenderableType, options: ConsoleOptions | None = None
    ) -> Iterable[Segment]:
        for segment in super().render(renderable, options):
            yield segment if segment.control else segment._replace(text=harmless(segment.text))


def one_line(text: object, limit: int = 200) -> Text:
    """Foreign text for a cell or a line: line ends and tabs become spaces."""
    return Text(" ".join(visible(text, limit).split()))


def json_text(value: Any) -> str:
    """One line of JSON, with `\\u` for every character that would act on a terminal."""
    plain = json.dumps(msgspec.to_builtins(value), ensure_ascii=False)
    return _ESCAPED.sub(_escape, plain)


def warn(message: str, style: str = "yellow") -> None:
    """One line on standard error."""
    Screen(stderr=True, soft_wrap=True).print(Text(f"tts: {message.rstrip()}", style=style))


def complain(message: str) -> None:
    """What went wrong, on standard error."""
    warn(message, "red")


def write_out(text: str) -> None:
    """A line for other programs on standard output, as it is."""
    sys.stdout.write(text + "\n")


def _escape(found: re.Match[str]) -> str:
    units = found[0].encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[i : i + 2].hex()}" for i in range(0, len(units), 2))


def known_dollars(usage: Usage) -> str:
    """Dollars; an unknown price stays unknown and is never zero."""
    return "unknown" if usage.dollars is None else f"${usage.dollars:.6g}"
