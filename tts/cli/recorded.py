"""The commands on recorded draws and their flags: nothing is called and nothing is paid."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from tts.cli.options import flags_of, several
from tts.eval.recipe import ModelKeys

recorded = typer.Typer()
Files = Annotated[list[str], typer.Argument(help="Recorded draws: FILE or FILE#MODEL.")]
Tasks = Annotated[list[str], typer.Option(help="NAME, or FILE=NAME for one file.")]
Texts = Annotated[str, typer.Option(help="Texts and references that rows lack.")]
Names = Annotated[list[str], typer.Option(help="completion=output: a file's own names.")]
Tests = Annotated[Path | None, typer.Option(help="Of recorded programs: tests that a model wrote.")]
Metrics = Annotated[
    bool, typer.Option("--metrics", help="Also what the draws say of model and verifier.")
]
Inputs = Annotated[
    int,
    typer.Option(min=0, help="With --tests: try programs on so many inputs near the examples."),
]
KeptIn = Annotated[
    Path | None, typer.Option(help="With --tests or --repairs: where executions are kept.")
]
Repairs = Annotated[
    bool, typer.Option("--repairs", help="Of recorded programs: what repair of their form brings.")
]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object.")]


@recorded.command()
@flags_of(ModelKeys, only=("prices",))
def replay(
    files: Files,
    strategy: Annotated[
        list[str], typer.Option(help="As 'majority_vote(n=8)'; repeat, or a, b.")
    ] = [],  # noqa: B006
    controller: Annotated[list[Path], typer.Option(help="A stop rule of yours, FILE.py.")] = [],  # noqa: B006
    budget: Annotated[list[str], typer.Option(help="By recorded lengths: '4k tokens'.")] = [],  # noqa: B006
    k: Annotated[str, typer.Option(help="Points of the curves: 1,4,16; else powers of 2.")] = "",
    task: Tasks = [],  # noqa: B006
    problems: Texts = "",
    field: Names = [],  # noqa: B006
    fit: Annotated[int, typer.Option(help="Best of N, stopped at a learnt score: N.")] = 0,
    orders: Annotated[int, typer.Option(help="Orders of each problem's draws.")] = 20,
    seed: Annotated[int, typer.Option(help="Of the intervals.")] = 0,
    metrics: Metrics = False,
    out: Annotated[Path | None, typer.Option(help="Folder for the page and its data.")] = None,
    write: Annotated[Path | None, typer.Option(help="Write the rows as one pool.")] = None,
    tests: Tests = None,
    executions: KeptIn = None,
    inputs: Inputs = 0,
    repairs: Repairs = False,
    as_json: AsJson = False,
    *,
    options: dict[str, Any],
) -> None:
    """Recorded draws under other rules, stops and sizes. Curves and the frontier; nothing is sent.

    Example: tts replay samples.jsonl --strategy 'majority_vote(n=16)'
    """
    from tts.cli.replay import asked_of, numbers_of, show_replay, write_rows

    how: dict[str, Any] = {"ks": numbers_of(k), "as_json": as_json}
    if repairs:
        from tts.cli.repairs import show_repairs

        return show_repairs(files, problems, kept=executions, **how)
    if tests is not None:
        from tts.cli.selections import show_selections

        how |= {"executions": executions, "inputs": inputs, "orders": orders, "seed": seed}
        return show_selections(files, tests, problems, **how)
    asked = asked_of(
        files,
        tasks=task,
        ks=k,
        strategies=several(strategy),
        controllers=controller,
        budgets=budget,
        orders=orders,
        seed=seed,
        prices=options.get("prices"),
        problems=problems,
        fit=fit,
        metrics=metrics,
        fields=field,
    )
    if write is not None:
        write_rows(asked, write)
        return
    show_replay(asked, as_json=as_json, out=out)


@recorded.command()
@flags_of(ModelKeys, only=("prices",))
def cascade(
    files: Files,
    at: Annotated[str, typer.Option(help="Budgets a problem: 0.05,0.08; else six of them.")] = "",
    signal: Annotated[str, typer.Option(help="agreement, confidence or score.")] = "agreement",
    cost: Annotated[
        str, typer.Option(help="dollars, tokens or seconds; else dollars where known.")
    ] = "",
    depth: Annotated[int, typer.Option(help="Stages at most.")] = 2,
    task: Tasks = [],  # noqa: B006
    problems: Texts = "",
    field: Names = [],  # noqa: B006
    seed: Annotated[int, typer.Option(help="Of the intervals and of how problems part.")] = 0,
    as_json: AsJson = False,
    *,
    options: dict[str, Any],
) -> None:
    """Cascades over recorded models, efforts and N. Beside the best fixed one, by budget; nothing
    is sent.

    Example: tts cascade samples.jsonl --at '0.01,0.05'
    """
    from tts.cli.cascade import show_cascades
    from tts.cli.replay import asked_of

    prices = options.get("prices")
    read = asked_of(files, tasks=task, seed=seed, prices=prices, problems=problems, fields=field)
    show_cascades(read, signal=signal, cost=cost, at=at, depth=depth, as_json=as_json)


@recorded.command()
@flags_of(ModelKeys, only=("prices",))
def allocate(
    file: Annotated[str, typer.Argument(help="Recorded draws, FILE or FILE#MODEL; or curves.")],
    budget: Annotated[
        str, typer.Option(help="Of the whole set: '200k tokens', '$5', '900 calls'.")
    ],
    select: Annotated[str, typer.Option(help="majority, best or weighted.")] = "majority",
    probe: Annotated[int, typer.Option(help="Draws that each problem gets first.")] = 2,
    parameters: Annotated[
        float | None, typer.Option(help="Of the model, as 7e9: for a budget in FLOPs.")
    ] = None,
    task: Tasks = [],  # noqa: B006
    problems: Texts = "",
    field: Names = [],  # noqa: B006
    seed: Annotated[int, typer.Option(help="Of the intervals and of how problems part.")] = 0,
    write: Annotated[Path | None, typer.Option(help="Write who gets what, line by line.")] = None,
    as_json: AsJson = False,
    *,
    options: dict[str, Any],
) -> None:
    """One budget for a whole set: who gets how much. And what that is worth beside the same for
    all.

    Example: tts allocate samples.jsonl --budget '200k tokens'
    """
    from tts.cli.allocate import Wish, show_allocation
    from tts.cli.replay import asked_of

    prices = options.get("prices")
    read = asked_of([file], tasks=task, seed=seed, prices=prices, problems=problems, fields=field)
    wish = Wish(
        budget=budget,
        select=select,
        probe=probe,
        parameters=parameters,
        write=write,
        as_json=as_json,
    )
    show_allocation(read, wish)


@recorded.command(name="allocate-rag")
def allocate_rag(
    file: Annotated[Path, typer.Argument(help="Measured settings: lines, a report, a ledger.")],
    budget: Annotated[str, typer.Option(help="Tokens a question at most: 128k.")],
    dataset: Annotated[str, typer.Option(help="Whose, where the file has several.")] = "",
    job: Annotated[str, typer.Option(help="Of the ledger, where it holds several.")] = "",
    as_json: AsJson = False,
) -> None:
    """What retrieval a cap per question should buy. Documents, demonstrations and iterations, by a
    fitted law.

    Example: tts allocate-rag settings.jsonl --budget 128k
    """
    from tts.cli.allocate_rag import show_advice

    show_advice(file, budget=budget, dataset=dataset, as_json=as_json, job=job)


@recorded.command()
@flags_of(ModelKeys, only=("prices",))
def exchange(
    small: Annotated[str, typer.Argument(help="Recorded draws of the small model.")],
    large: Annotated[str, typer.Argument(help="Those of the larger one.")],
    times: Annotated[float, typer.Option(help="How many times as many parameters it has.")],
    ratio: Annotated[
        str, typer.Option(help="Tokens inferred over tokens pre-trained on; inf: no pre-training.")
    ] = "0.16,0.79,22",
    task: Tasks = [],  # noqa: B006
    problems: Texts = "",
    field: Names = [],  # noqa: B006
    seed: Annotated[int, typer.Option(help="Of the intervals.")] = 0,
    as_json: AsJson = False,
    *,
    options: dict[str, Any],
) -> None:
    """A small model with the FLOPs of a larger one's draw. Pre-training included (Snell et al.).

    Example: tts exchange small.jsonl large.jsonl --times 14
    """
    from tts.cli.exchange import show_exchange
    from tts.cli.replay import asked_of

    prices = options.get("prices")
    files = [small, large]
    read = asked_of(files, tasks=task, seed=seed, prices=prices, problems=problems, fields=field)
    show_exchange(read, times=times, ratio=ratio, as_json=as_json)


@recorded.command()
def calibrate(
    draws: Annotated[Path, typer.Argument(help="Several scored draws a problem: ledger or pool.")],
    rung: Annotated[
        list[str], typer.Option(help="MODEL=FILE of greedy, scored draws; repeat.")
    ] = [],  # noqa: B006
    grid: Annotated[
        list[str], typer.Option(help="MODEL=LEDGER: its strategies are settings, too; repeat.")
    ] = [],  # noqa: B006
    budget: Annotated[
        str, typer.Option(help="A problem, on the average: choose among whole strategies.")
    ] = "",
    price: Annotated[
        float | None, typer.Option(help="The same by price: accuracy that a unit is worth.")
    ] = None,
    probe: Annotated[
        str, typer.Option(help="Whose draws tell the difficulty; else the cheapest.")
    ] = "",
    out: Annotated[Path, typer.Option(help="The policy file.")] = Path("policy.json"),
    n: Annotated[int, typer.Option(help="The target is uniform best of so many.")] = 16,
    margin: Annotated[float, typer.Option(help="Accuracy that may be lost to it.")] = 0.01,
    signal: Annotated[str, typer.Option(help="score, or agreement: no verifier.")] = "score",
    bins: Annotated[
        str, typer.Option(help="By difficulty: none, snell or liu; of settings else snell.")
    ] = "",
    cost: Annotated[
        str, typer.Option(help="What is saved: tokens, flops; of settings also dollars, ….")
    ] = "",
    orders: Annotated[int, typer.Option(help="Orders of each problem's draws.")] = 4,
    seed: Annotated[int, typer.Option(help="Of the parts that fit and judge.")] = 0,
    policy: Annotated[Path | None, typer.Option(help="Judge this policy; fit none.")] = None,
    held_out: Annotated[
        Path | None, typer.Option(help="Write the problems that judged, to run it on.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Fit a policy for compute_optimal, and judge it. Recorded draws or runs fit it, others judge.

    Example: tts calibrate draws.db --rung default=small.db --out policy.json
    """
    from tts.cli.calibrate import run_calibration, run_grid

    shown: dict[str, Any] = {"as_json": as_json, "held_out": held_out, "policy": policy}
    how = {"bins": bins, "cost": cost, "seed": seed, **shown}
    if grid or budget or price is not None or probe:
        settings: dict[str, Any] = {"rungs": rung, "budget": budget, "price": price}
        run_grid(draws, grid, out, probe=probe, **settings, **how)
        return
    run_calibration(draws, rung, out, n=n, margin=margin, signal=signal, orders=orders, **how)
