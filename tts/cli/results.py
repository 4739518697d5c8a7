"""`tts results`: finished comparisons as one Markdown page."""

from __future__ import annotations

from pathlib import Path

from tts.cli.screen import Screen
from tts.eval.report.markdown import read_reports, results_page


def show_results(folder: Path, markdown: Path | None) -> None:
    """Write the page, or show it."""
    page = results_page(read_reports(folder))
    console = Screen()
    if markdown is None:
        console.print(page, soft_wrap=True)
        return
    markdown.parent.mkdir(parents=True, exist_ok=True)
    markdown.write_text(page, encoding="utf-8")
    console.print(f"wrote {markdown}")
