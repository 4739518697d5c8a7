"""Finished comparisons on one page."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import msgspec

from tts.errors import BadInput
from tts.eval.report import ComparisonReport, to_markdown

LATEST = "latest"
"""The folder that repeats the newest report."""

HEAD = """# Results

Made by `tts results` from finished comparisons; not edited by hand. Tokens are attributed: prompt
and completion of everything that a run called, verifiers included. Intervals are of 95 %.
"""


def read_reports(folder: Path) -> dict[str, ComparisonReport]:
    """The reports under a folder by where they lie, in order of title; `BadInput` without any."""
    found_at = sorted(folder.rglob("report.json"))
    paths = [path for path in found_at if LATEST not in path.relative_to(folder).parts[:-1]]
    if not paths:
        raise BadInput(f"{folder} holds no report.json: run `tts compare … --out {folder}` first.")
    found = {str(path.parent.relative_to(folder)): _report(path) for path in paths}
    return dict(sorted(found.items(), key=lambda pair: pair[1].title))


def results_page(reports: Mapping[str, ComparisonReport]) -> str:
    """One Markdown page, a section per comparison."""
    return "\n".join([HEAD, *(to_markdown(report) for report in reports.values())])


def _report(path: Path) -> ComparisonReport:
    again = "write it again with the command that made it, or take it away"
    try:
        return msgspec.json.decode(path.read_bytes(), type=ComparisonReport)
    except msgspec.ValidationError as error:
        raise BadInput(f"{path} is no report of this version: {error}; {again}.") from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadInput(f"{path} is broken ({error}); {again}.") from error
    except OSError as error:
        raise BadInput(f"{path} cannot be read: {error.strerror}.") from error
