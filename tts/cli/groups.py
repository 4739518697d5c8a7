"""A group of commands one of which is meant where none is named."""

from __future__ import annotations

from typing import Any

from typer.core import TyperGroup


class Showing(TyperGroup):
    """`tts ledger FILE` is `tts ledger show FILE`; a file that is called like a command is `./copy`."""

    meant = "show"

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        named = bool(args) and (args[0] in self.commands or args[0] == "--help")
        return super().parse_args(ctx, args if named else [self.meant, *args])


class Listing(Showing):
    """`tts prices gpt` is `tts prices list gpt`."""

    meant = "list"
