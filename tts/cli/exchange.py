"""`tts exchange`: a larger model, or more inference of a small one, at equal FLOPs."""

from __future__ import annotations

from rich.text import Text

from tts.cli.exits import run
from tts.cli.figures import amounts_of, gap, percent, plain_table
from tts.cli.screen import Screen, json_text, write_out
from tts.eval.allocate.exchange import exchangeable, matched, multiplier
from tts.eval.replay import Asked
from tts.eval.replay.lab import pools_asked
from tts.values.visible import visible


def show_exchange(asked: Asked, *, times: float, ratio: str, as_json: bool) -> None:
    """Set votes of the one beside single draws of the other; each file names one model."""
    ratios = amounts_of(ratio, "--ratio")
    for each in ratios:
        multiplier(times, each)  # refuses what cannot be, before the files are read and graded
    small, large = run(pools_asked(asked, before=exchangeable))
    found = matched(small, large, times, ratios=ratios, seed=asked.seed)
    if as_json:
        write_out(json_text(found))
        return
    rows = [
        (
            f"{one.ratio:g}",
            f"{one.multiplier:.1f}",
            f"{one.k} of {one.paid:,}" if one.k < one.paid else str(one.k),
            percent(one.small),
            percent(one.large),
            gap(one.difference),
        )
        for one in found
    ]
    console = Screen()
    console.print(Text(f"{visible(small.setting, 60)} with the FLOPs of one draw of"))
    console.print(Text(f"{visible(large.setting, 60)}, {times:g} times as large"))
    heads = ("R", "tokens ×", "draws", "small", "large", "Δ")
    console.print(plain_table("", heads, rows))
    if any(one.k < one.paid for one in found):
        console.print(
            Text("! More draws would be paid for than are recorded, or than can be chosen from.")
        )
