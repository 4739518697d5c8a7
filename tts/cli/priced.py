"""`tts prices`: what models cost, and a price file of one's own."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from tts.cli.groups import Listing
from tts.cli.options import flags_of
from tts.eval.recipe import ModelKeys

prices_app = typer.Typer(
    name="prices",
    cls=Listing,
    help="What models cost. `tts prices gpt` lists; unknown models have no price, which is not $0.",
)


@prices_app.command(name="list")
@flags_of(ModelKeys, only=("prices",))
def list_prices(
    pattern: Annotated[str, typer.Argument(help="Part of a model's name; empty: all.")] = "",
    *,
    options: dict[str, Any],
) -> None:
    """The table, in dollars per million tokens. With cached, batch and long-prompt rates.

    Example: tts prices gpt-5
    """
    from tts.cli.price_lists import show_prices

    show_prices(pattern, options.get("prices"))


@prices_app.command()
@flags_of(ModelKeys, only=("prices",))
def show(
    model: Annotated[str, typer.Argument(help="A model's name, as a server calls it.")],
    *,
    options: dict[str, Any],
) -> None:
    """What one model costs, every tier of it. Exit code 2 where that is not known."""
    from tts.cli.price_lists import show_price

    show_price(model, options.get("prices"))


@prices_app.command()
@flags_of(ModelKeys, only=("prices",))
def update(
    file: Annotated[
        Path,
        typer.Argument(help="A price file, or LiteLLM's model_prices_and_context_window.json."),
    ],
    out: Annotated[
        Path, typer.Option(help="The price file that its prices go into; made if missing.")
    ] = Path("prices.json"),
    *,
    options: dict[str, Any],
) -> None:
    """Bring newer prices into your own price file. What is new or differs is said.

    Example: tts prices update model_prices_and_context_window.json
    """
    from tts.cli.price_lists import update_prices

    update_prices(file, out, options.get("prices"))
