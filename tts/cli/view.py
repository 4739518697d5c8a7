"""`tts view`: a ledger, or a folder of reports, in a browser of this machine."""

from __future__ import annotations

import webbrowser

from rich.text import Text

from tts.cli.exits import run
from tts.cli.screen import Screen
from tts.engine.fewer_collections import fewer_collections
from tts.eval.view import serve, source_of


def view(place: str, port: int, *, browse: bool) -> None:
    """Serve until Ctrl-C."""
    fewer_collections()
    source = source_of(place)

    def told(address: str) -> None:
        Screen(soft_wrap=True).print(Text(f"{source.name} is shown at {address} until Ctrl-C"))
        if browse:
            webbrowser.open(address)

    run(serve(source, port, told))
