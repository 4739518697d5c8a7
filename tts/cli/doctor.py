"""`tts doctor`: which kernels and features would serve a model, and why."""

from __future__ import annotations

import msgspec
import typer
from rich.table import Table
from rich.text import Text

from tts.backends.vllm.device import require_vllm
from tts.backends.vllm.kernels import findings, kernel_facts
from tts.cli.screen import Screen
from tts.engine import SessionOptions
from tts.engine.open_vllm import OPTIONS, ModelSpec, settings


def show_kernels(model: str, *, as_json: bool) -> None:
    """Resolve a model's arguments without loading it, and print what is on and what is off."""
    require_vllm()
    name = model.removeprefix("vllm:")
    spec = ModelSpec.parse(name, known=OPTIONS)
    facts = kernel_facts(settings(spec, SessionOptions(model=f"vllm:{name}")))
    found = findings(facts)
    if as_json:
        content = {"facts": facts, "findings": found}
        typer.echo(msgspec.json.encode(content).decode())
        return
    table = Table("", "feature", "", "why")
    table.title = f"vLLM {facts.vllm}, {model}"
    table.title_justify = "left"
    for one in found:
        table.add_row("on" if one.on else "off", one.name, Text(one.value), one.why)
    Screen().print(table)
