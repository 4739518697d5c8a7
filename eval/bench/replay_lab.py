"""What the replay lab gives on recorded real models, and what a large file takes."""

from __future__ import annotations

import asyncio
import gzip
import json
import subprocess
import sys
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import msgspec

from tts.backends.replay import pass_at_k
from tts.equivalence import Equivalence
from tts.eval.bench.report import Row, at_least, at_most, data_folder, exactly, figure
from tts.eval.replay import Plan, Pool, replayed
from tts.eval.replay.crossfit import cross_fitted
from tts.eval.replay.curves import curve
from tts.eval.replay.files import graded_pools, read_rows
from tts.eval.replay.step_files import step_figures
from tts.strategies.parts.stopping import Beta

POOLS = {
    "qwen_math100_rm8": {0.8: 0.30, 0.9: 0.43},
    "rg_llama3b_aime_amc_n50": {0.8: 0.53, 0.9: 0.76},
    "verifycot_date_gpt35_n10": {0.8: 0.34, 0.9: 0.53},
}
"""By file and confidence, the share of draws that a study of the same rule on it states."""
FEW = 4
"""Draws of the four settings of the OTIS file that the study looks at."""
MOST_SHARE = 0.60
CODEX = {1: 0.149, 10: 0.424, 100: 0.638, 1000: 0.766}
"""pass@k of the long prompt on 397 puzzles, as the data's README states it."""
ROWS = 96_624
PROBLEMS = (1_584, 24_156)
"""Many draws of few problems, and few draws of many."""


def rules_on_records() -> list[Row]:
    """Beta stopping and a learnt score threshold on recorded models, beside all draws."""
    samples = data_folder("samples")
    rows: list[Row] = []
    for name, shares in POOLS.items():
        [pool] = pools_of(samples / f"{name}.jsonl.gz")
        rows += [row for bar, share in shares.items() for row in _stopped(name, pool, bar, share)]
        if name.startswith("qwen"):
            rows += _threshold(name, pool)
    otis = pools_of(samples / "otis_mock_aime_with_tokens.jsonl.gz")
    few = [pool for pool in otis if pool.votes and pool.most == FEW]
    for pool in few:
        name = pool.setting.rpartition("/")[2]
        rows += [row for bar in (0.8, 0.9) for row in _stopped(f"otis {name}", pool, bar, None)]
    return rows


def pools_of(path: Path) -> list[Pool]:
    async def read() -> list[Pool]:
        async with Equivalence() as equivalence:
            return await graded_pools(
                await read_rows(str(path)), dollars_of=lambda *_: None, equivalence=equivalence
            )

    return asyncio.run(read())


def _stopped(name: str, pool: Pool, bar: float, share: float | None) -> Iterator[Row]:
    """One draw at a time until Beta holds: the share of all draws, and the difference to them."""
    plan = Plan(label="beta", n=pool.most, batch=1, rule=Beta(bar), choice="majority")
    found = replayed(pool, plan, orders=50)
    what = f"{name} Beta {bar:g}"
    if bar == min(POOLS["qwen_math100_rm8"]):
        yield at_most(f"{what}, share of draws", found.share, "", bar=MOST_SHARE, baseline=share)
    else:
        yield figure(f"{what}, share of draws", found.share, "", baseline=share)
    gap = found.difference
    if gap is not None:
        told = f"[{100 * gap.low:+.1f}, {100 * gap.high:+.1f}]"
        yield figure(f"{what}, to all draws {told}", 100 * gap.value, "points")


def _threshold(name: str, pool: Pool) -> Iterator[Row]:
    found = cross_fitted(pool, pool.most)
    low, high = 100 * found.difference.low, 100 * found.difference.high
    what = f"{name} best-of-{found.n} by threshold, cross-fitted"
    yield at_most(f"{what}, share of draws", found.share.value, "", bar=0.25)
    gap = 100 * found.difference.value
    yield at_least(f"{what}, to all draws [{low:+.1f}, {high:+.1f}]", gap, "points", bar=-0.5)


def stated_figures() -> list[Row]:
    """Reference results of further shared files, to the digits that are stated."""
    samples = data_folder("samples")
    rows = [
        _rounded(f"p3 long pass@{k}", _codex(samples, k), stated) for k, stated in CODEX.items()
    ]
    chain = next(
        pool
        for pool in pools_of(samples / "tot_game24_gpt4_n100.jsonl.gz")
        if "cot" in pool.setting
    )
    first, *_, last = curve(chain, (1, 100))
    rows.append(_rounded("game24 GPT-4 CoT pass@1", first.passed.value, 0.040))
    rows.append(_rounded("game24 GPT-4 CoT pass@100", last.passed.value, 0.49, digits=2))
    return [*rows, *_steps()]


def _codex(samples: Path, k: int) -> float:
    experiments = json.loads(gzip.decompress((samples / "p3_codex_n1000.json.gz").read_bytes()))
    long = next(one for one in experiments if one["experiment"] == "long")
    counts = [puzzle["n_sols"] for puzzle in long["sat_sols"]]
    total = sum((pass_at_k(right, long["n"], k) for right in counts), Fraction(0))
    return float(total / len(counts))


def _rounded(what: str, value: float, stated: float, digits: int = 3) -> Row:
    return exactly(what, round(value, digits), "", bar=stated)


def _steps() -> Iterator[Row]:
    for found in step_figures(data_folder("prm") / "mr_math_invalid.jsonl.gz"):
        if found.auc is not None:
            yield figure(f"mr_math_invalid step AUC, {found.verifier}", found.auc, "")


def large_file() -> list[Row]:
    """CPU and memory of `tts replay` on files of 96,624 rows, start and imports included."""
    return [row for problems in PROBLEMS for row in _metered(problems)]


def _metered(problems: int) -> Iterator[Row]:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "large.jsonl.gz"
        with gzip.open(path, "wb", compresslevel=1) as file:
            file.writelines(msgspec.json.encode(row) + b"\n" for row in _rows(problems))
        command = [sys.executable, "-c", _METERED, "replay", str(path)]
        said = subprocess.run(command, capture_output=True, text=True, check=True).stderr
    seconds, kib = said.split()[-2:]
    what = f"tts replay of {ROWS:,} rows, {ROWS // problems} a problem"
    yield at_most(f"{what}, CPU", float(seconds), "s", bar=3)
    yield at_most(f"{what}, memory", int(kib) / 1024, "MiB", bar=150)


_METERED = """
import atexit, sys, time

def tell():
    lines = open("/proc/self/status").read().splitlines()
    peak = next(line.split()[1] for line in lines if line.startswith("VmHWM"))
    sys.stderr.write(f" {time.process_time()} {peak}")

atexit.register(tell)
from tts.cli import main

main()
"""


def _rows(problems: int) -> Iterator[dict[str, object]]:
    random = Random(0)
    for problem in range(problems):
        chance, right = random.betavariate(0.6, 0.6), str(random.randint(0, 999))
        others = [str(random.randint(0, 999)) for _ in range(12)]
        for index in range(ROWS // problems):
            solved = random.random() < chance
            answer = right if solved else random.choice(others)
            yield {
                "problem_id": f"p{problem}",
                "problem": f"What is the answer to question {problem}?",
                "reference": right,
                "model": "m",
                "sample_index": index,
                "completion": f"{'so it goes on and ' * 20} \\boxed{{{answer}}}",
                "answer": answer,
                "correct": solved,
                "prompt_tokens": 40,
                "completion_tokens": random.randint(50, 500),
                "score": random.random(),
                "extra": {"seconds": random.random()},
            }
