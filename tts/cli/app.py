"""The commands and their flags; what a command does is imported when it runs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from tts.cli.faults import faults_app
from tts.cli.job import job_app
from tts.cli.keeping import ledger_app
from tts.cli.options import flags_of
from tts.cli.priced import prices_app
from tts.cli.reading import reading
from tts.cli.recorded import recorded
from tts.cli.reports import CostAxis, Out, reports
from tts.cli.served import served
from tts.cli.setting_up import setting_up
from tts.cli.settings import read_settings
from tts.cli.swe_commands import swe
from tts.eval.recipe import ModelKeys, Recipe

app = typer.Typer(
    name="tts",
    help="Spend test-time compute well: strategies, budgets and plans on one graph of calls.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

LedgerPlace = Annotated[str, typer.Option(help="File or database URL of the ledger.")]
JobName = Annotated[str, typer.Option(help="Name of the job; empty: derived from the command.")]
RecipeFile = Annotated[Path | None, typer.Argument(help="A YAML recipe; flags go on top.")]
Part = Annotated[str, typer.Option(help="Of a recipe with parts, this one.")]
RetryFailed = Annotated[
    bool, typer.Option("--retry-failed", help="Run again what failed or lost draws.")
]
Junit = Annotated[
    Path | None, typer.Option(help="Write the runs as JUnit XML, for a build server.")
]
AsJson = Annotated[
    bool, typer.Option("--json", help="One JSON object; what happens meanwhile: standard error.")
]
Workers = Annotated[
    int | None, typer.Option(min=1, help="Worker processes; on a cluster one per node.")
]
On = Annotated[str, typer.Option(help="Workers on a cluster: ray, ray://HOST:PORT.")]
Strategy = Annotated[str, typer.Option(help="name(n=16).")]
Budget = Annotated[str, typer.Option(help="'4k tokens', '$0.02'; 'none'.")]
ENDPOINT = ("base_url", "api_key_env")
"""The options of a command that opens one model and nothing else."""


def _version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version

        typer.echo(f"tts-engine {version('tts-engine')}")
        raise typer.Exit


@app.callback()
def common(
    context: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Say it and leave.")
    ] = False,
) -> None:
    """Spend test-time compute well: strategies, budgets and plans on one graph of calls."""
    context.obj = found = read_settings(Path.cwd())
    context.default_map = found.defaults_of(context.command)


@app.command()
@flags_of(Recipe)
def compare(
    recipe: RecipeFile = None,
    part: Part = "",
    ledger: LedgerPlace = "tts.db",
    job: JobName = "",
    out: Out = None,
    retry_failed: RetryFailed = False,
    cost_axis: CostAxis = "tokens",
    junit: Junit = None,
    as_json: AsJson = False,
    workers: Workers = None,
    on: On = "",
    *,
    options: dict[str, Any],
    under: dict[str, Any],
) -> None:
    """Compare strategies under budgets on a problem set. The same command goes on where it was.

    Example: tts compare --problems problems.jsonl --model openai:my-model --base-url
    http://localhost:8000/v1 --strategies 'single, majority_vote(n=16)' --budgets '4k tokens'
    """
    from tts.cli.compare import recipes

    how: dict[str, Any] = {"ledger": ledger, "job": job, "out": out, "retry_failed": retry_failed}
    shown: dict[str, Any] = {"cost": cost_axis, "junit": junit, "as_json": as_json}
    parts = recipes(recipe, options, part, under)
    _work(parts, workers, on, **how, **shown)


def _work(parts: dict[str, Recipe], workers: int | None, on: str, **how: Any) -> None:
    """Here, or by workers that are asked for."""
    if workers or on:
        from tts.cli.elsewhere import leave_parts

        leave_parts(parts, workers=workers, on=on, **how)
    else:
        from tts.cli.compare import run_parts

        run_parts(parts, **how)


@app.command(name="eval")
@flags_of(Recipe, without=("problems", "strategies", "budgets", "baseline"))
def evaluate(
    problems: Annotated[
        str,
        typer.Argument(
            help="File, arithmetic:N, countdown:N, swe_mini, lm-eval:FILE, inspect:FILE, HF id."
        ),
    ],
    strategy: Strategy = "majority_vote",
    budget: Budget = "none",
    ledger: LedgerPlace = "tts.db",
    job: JobName = "",
    out: Out = None,
    retry_failed: RetryFailed = False,
    cost_axis: CostAxis = "tokens",
    junit: Junit = None,
    as_json: AsJson = False,
    workers: Workers = None,
    on: On = "",
    *,
    options: dict[str, Any],
) -> None:
    """Evaluate one strategy on a problem set.

    Example: tts eval problems.jsonl --strategy 'majority_vote(n=8)' --model openai:my-model --limit
    20
    """
    from tts.cli.compare import recipes

    named = {"problems": problems, "strategies": [strategy], "budgets": [budget]}
    how: dict[str, Any] = {"ledger": ledger, "job": job, "out": out, "retry_failed": retry_failed}
    shown: dict[str, Any] = {"cost": cost_axis, "junit": junit, "as_json": as_json}
    parts = recipes(None, {**options, **named})
    _work(parts, workers, on, **how, **shown)


@app.command()
@flags_of(ModelKeys)
def run(
    problem: Annotated[str, typer.Argument(help="The question.")],
    strategy: Strategy = "majority_vote",
    budget: Budget = "none",
    ledger: Annotated[str | None, typer.Option(help="Record the calls in this ledger.")] = None,
    seed: Annotated[int, typer.Option(help="Another seed gives other draws.")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
    *,
    options: dict[str, Any],
) -> None:
    """Solve one problem and show answer, candidates and cost.

    Example: tts run 'What is 12 * 13?' --strategy 'best_of_n(n=4)' --budget '4k tokens'
    """
    from tts.cli.run import run_problem

    run_problem(problem, strategy, budget, options, ledger=ledger, seed=seed, as_json=as_json)


@app.command()
@flags_of(ModelKeys, only=("model", *ENDPOINT))
def plan(
    task: Annotated[str, typer.Argument(help="What is to be done.")],
    tools: Annotated[
        list[str], typer.Option(help="module:name of a tool, or of a list of them; repeat.")
    ] = [],  # noqa: B006
    mcp: Annotated[
        list[str], typer.Option(help="An MCP server: http://…, 'stdio:COMMAND ARGUMENTS'; repeat.")
    ] = [],  # noqa: B006
    trust_mcp: Annotated[
        bool, typer.Option("--trust-mcp", help="Believe its servers which tools only read.")
    ] = False,
    budget: Annotated[
        str, typer.Option(help="Of writing the plan and running it: '4k tokens'.")
    ] = "none",
    ledger: Annotated[str | None, typer.Option(help="Record the calls in this ledger.")] = None,
    *,
    options: dict[str, Any],
    form: Annotated[str, typer.Option(help="How the plan is written: text or json.")] = "text",
    mermaid: Annotated[
        bool, typer.Option("--mermaid", help="The graph as Mermaid text, in place of the tree.")
    ] = False,
    execute: Annotated[bool, typer.Option("--run", help="Run it, and show what it took.")] = False,
    yes: Annotated[
        bool, typer.Option("--yes", help="With --run: do not ask before what cannot be undone.")
    ] = False,
    optimise: Annotated[
        bool, typer.Option("--optimise", help="The passes first; constants are folded by --run.")
    ] = False,
    html: Annotated[
        Path | None, typer.Option(help="Write the plan, or with --run the run, as a page.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Compile a task into calls of tools and show the graph. Nothing is called without --run.

    Example: tts plan 'price of three pears' --tools my_tools:tools --model openai:my-model --run
    """
    from tts.cli.plan import Wish, show_plan
    from tts.cli.plan_tools import Offer

    shape: dict[str, Any] = {"form": form, "mermaid": mermaid, "html": html, "as_json": as_json}
    wish = Wish(execute=execute, yes=yes, optimise=optimise, budget=budget, **shape)
    offer = Offer(tuple(tools), tuple(mcp), trust_mcp)
    show_plan(task, offer, {**options, "ledger": ledger}, wish)


@app.command()
def demo(
    ledger: LedgerPlace = "tts-demo.db",
    out: Annotated[Path, typer.Option(help="Folder for the report.")] = Path("out/demo"),
    real: Annotated[
        bool, typer.Option("--real", help="On a small language model, fetched once; needs [real].")
    ] = False,
    weights: Annotated[
        Path | None, typer.Option(help="With --real: a GGUF file of your own instead.")
    ] = None,
    port: Annotated[
        int, typer.Option(help="With --real: of the server; 0: 8417 or a free one.")
    ] = 0,
    recipe: Annotated[
        Path | None, typer.Option(help="With --real: a recipe of your own instead.")
    ] = None,
) -> None:
    """The main job on the embedded model, in a minute or two. Four strategies under three budgets."""
    from tts.cli.demo import run_demo, run_real_demo
    from tts.errors import UsageError

    if real:
        run_real_demo(ledger=ledger, out=out, weights=weights, port=port, recipe=recipe)
    elif weights or port or recipe:
        raise UsageError("--weights, --port, --recipe are for the model of --real: give that too.")
    else:
        run_demo(ledger=ledger, out=out)


@app.command()
@flags_of(Recipe)
def estimate(
    recipe: RecipeFile = None,
    part: Part = "",
    graph: Annotated[bool, typer.Option("--graph", help="Also the graph, as Mermaid.")] = False,
    pilot: Annotated[
        int, typer.Option(min=0, help="Run so many problems, and foretell the rest of the job.")
    ] = 0,
    ledger: Annotated[str, typer.Option(help="Of a pilot, which the job goes on from.")] = "tts.db",
    job: JobName = "",
    as_json: AsJson = False,
    *,
    options: dict[str, Any],
    under: dict[str, Any],
) -> None:
    """What a comparison would cost at worst, or after a pilot. Without --pilot nothing is sent.

    Example: tts estimate recipe.yaml --pilot 20
    """
    from tts.cli.compare import recipes
    from tts.cli.estimate import show_estimate, show_pilot

    parts = recipes(recipe, options, part, under)
    if pilot:
        show_pilot(parts, problems=pilot, ledger=ledger, job=job, as_json=as_json)
    else:
        show_estimate(parts, graph=graph, as_json=as_json)


app.add_typer(ledger_app)


@app.command()
def strategies(
    name: Annotated[str, typer.Argument(help="One strategy, with its parameters.")] = "",
) -> None:
    """The strategies and where they come from. With a name: its parameters and their defaults."""
    from tts.cli.show import show_strategies

    show_strategies(name)


app.add_typer(prices_app)
app.add_typer(recorded)
app.add_typer(reports)
app.add_typer(served)
app.add_typer(reading)
app.add_typer(job_app)
app.add_typer(faults_app)
app.add_typer(swe)
app.add_typer(setting_up)


@app.command()
@flags_of(ModelKeys, only=(*ENDPOINT, "verifier", "corpus", "retriever"))
def tune(
    model: Annotated[str, typer.Option(help="vllm:FOLDER; with --idealized any model.")],
    workload: Annotated[str, typer.Option(help="best_of_n, beam, rag or prm.")] = "best_of_n",
    trials: Annotated[int, typer.Option("--budget-trials", help="Settings to measure.")] = 24,
    study: Annotated[Path, typer.Option(help="SQLite file that remembers.")] = Path("tune.db"),
    problems: Annotated[int, typer.Option(help="That run at once.")] = 16,
    repeats: Annotated[int, typer.Option(help="Measurements of a setting.")] = 3,
    idealised: Annotated[
        bool, typer.Option("--idealized", help="Fit the runtime of single calls instead.")
    ] = False,
    *,
    options: dict[str, Any],
    out: Annotated[Path | None, typer.Option(help="The profile or fit, as YAML.")] = None,
) -> None:
    """Search vLLM's engine arguments by throughput. The same command goes on where it was.

    Example: tts tune --model vllm:FOLDER --workload best_of_n
    """
    from tts.cli.tune import fit_runtime
    from tts.cli.tune import tune as search

    if idealised:
        fit_runtime(model, options, out or Path("runtime.yaml"))
        return
    search(
        model,
        workload,
        trials=trials,
        study=study,
        out=out or Path("profile.yaml"),
        problems=problems,
        repeats=repeats,
    )


@app.command()
def bench(
    name: Annotated[str, typer.Argument(help="A benchmark; empty: list them.")] = "",
    whole: Annotated[bool, typer.Option("--all", help="Every benchmark.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
    as_markdown: Annotated[bool, typer.Option("--markdown", help="A page for the docs.")] = False,
    problems: Annotated[
        int | None, typer.Option(min=1, help="Of resume: how large its job is.")
    ] = None,
    points: Annotated[
        int | None, typer.Option(min=1, help="Of reliability: how many jobs are killed.")
    ] = None,
    minutes: Annotated[
        float | None, typer.Option(min=0.1, help="Of soak: how long it works.")
    ] = None,
    calls: Annotated[
        int | None, typer.Option(min=1000, help="Of memory: how many calls a process makes.")
    ] = None,
    install_peers: Annotated[
        bool, typer.Option("--install-peers", help="Of peers: install the other libraries first.")
    ] = False,
) -> None:
    """What the engine costs and holds on this machine. Exit code 1 when a bar is missed."""
    from tts.cli.bench import run_bench
    from tts.eval.bench import BenchOptions

    options = BenchOptions(
        problems=problems,
        points=points,
        minutes=minutes,
        calls=calls,
        install_peers=install_peers,
    )
    run_bench(name, options, whole=whole, as_json=as_json, as_markdown=as_markdown)
