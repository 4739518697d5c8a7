"""The commands on SWE-bench style sets and their flags."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from tts.cli.options import flags_of, several
from tts.eval.recipe import ModelKeys

swe = typer.Typer(
    name="swe", help="SWE-bench style sets: patches graded, chosen, exported.", no_args_is_help=True
)
Problems = Annotated[str, typer.Option(help="swe_mini, a file of rows, or a folder of tasks.")]
Repos = Annotated[Path | None, typer.Option(help="Folder of clones, where rows bring no files.")]
Only = Annotated[
    list[str],
    typer.Option("--instance", "-i", help="Only this one; repeat, or a,b.", callback=several),
]
Least = Annotated[str, typer.Option(help="Least isolation: landlock or namespaces.")]
Workers = Annotated[int, typer.Option("--workers", "-j", help="Sandboxes; 0: as cores.")]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object.")]


@swe.command()
def grade(
    predictions: Annotated[
        list[str], typer.Argument(help="all_preds.jsonl, preds.json, or gold; several: compared.")
    ],
    problems: Problems = "swe_mini",
    repos: Repos = None,
    out: Annotated[Path, typer.Option(help="Folder for logs, reports, verdicts.")] = Path(
        "out/swe"
    ),
    run_id: Annotated[str, typer.Option(help="Name of the run.")] = "run",
    instance: Only = [],  # noqa: B006
    min_isolation: Least = "",
    workers: Workers = 0,
    harness: Annotated[
        bool, typer.Option("--harness", help="By SWE-bench's own harness, in docker.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Grade patches by the hidden tests of their instances. The same command goes on where it was.

    Example: tts swe grade predictions.jsonl --problems swe_mini
    """
    from tts.cli.swe import Asked, run_grade

    asked = Asked(problems, repos, tuple(instance), min_isolation, workers)
    if harness:
        from tts.cli.swe_harness import run_harness

        run_harness(asked, predictions, out, run_id, as_json=as_json)
    else:
        run_grade(asked, predictions, out, run_id, as_json=as_json)


@swe.command()
@flags_of(ModelKeys, only=("model", "models", "base_url", "api_key_env", "prices"))
def select(
    candidates: Annotated[
        list[str], typer.Argument(help="all_preds.jsonl, preds.json: one or several files.")
    ],
    problems: Problems = "swe_mini",
    repos: Repos = None,
    out: Annotated[Path, typer.Option(help="Chosen patches.")] = Path("all_preds.jsonl"),
    instance: Only = [],  # noqa: B006
    min_isolation: Least = "",
    workers: Workers = 0,
    strategy: Annotated[
        str, typer.Option(help="With --model: what judges, and may write patches of its own.")
    ] = "code_monkeys(machines=0)",
    budget: Annotated[
        str, typer.Option(help="With --model, of an instance: '4k tokens'.")
    ] = "none",
    ledger: Annotated[str | None, typer.Option(help="With --model: records the calls.")] = None,
    judged: Annotated[
        bool, typer.Option("--judged", help="Also by the hidden tests: random, chosen, oracle.")
    ] = False,
    as_json: AsJson = False,
    *,
    options: dict[str, Any],
) -> None:
    """Choose one patch of several for each instance. By the repository's own tests and agreement,
    or by a model that writes tests.
    """
    from tts.cli.swe import Asked, Judge, run_select

    asked = Asked(problems, repos, tuple(instance), min_isolation, workers)
    judge = Judge(options, strategy, budget, ledger) if "model" in options else None
    run_select(asked, candidates, out, judge=judge, judged=judged, as_json=as_json)


@swe.command()
def export(
    out: Annotated[Path, typer.Argument(help="An empty folder, or a file of rows.")],
    problems: Problems = "swe_mini",
    repos: Repos = None,
    instance: Only = [],  # noqa: B006
    form: Annotated[
        str, typer.Option(help="repositories, rows, tasks, candidates, systems, script.")
    ] = ("repositories"),
) -> None:
    """Base commits as repositories, or the set as rows. A repository has one commit; tasks may be folders, too."""
    from tts.cli.swe import Asked, run_export

    run_export(Asked(problems, repos, tuple(instance)), out, form)


@swe.command()
def report(
    folder: Annotated[
        Path | None, typer.Argument(help="Where `tts swe grade --out` wrote; none: what runs here.")
    ] = None,
    problems: Problems = "swe_mini",
    repos: Repos = None,
    trajectories: Annotated[
        list[Path], typer.Option(help="What agents did: a file or folder; repeat.")
    ] = [],  # noqa: B006
    as_json: AsJson = False,
) -> None:
    """Saved gradings with intervals. Or signs of cheating in trajectories; or what runs here."""
    from tts.cli.swe import Asked, run_report

    run_report(Asked(problems, repos), folder, trajectories, as_json=as_json)
