"""`equivalence`: right, bounded in time, and quick where it can be."""

from __future__ import annotations

import asyncio
import json
import time
from importlib.resources import files
from pathlib import Path
from statistics import median
from typing import Any, cast

from msgspec import Struct

from tts.equivalence import Equivalence
from tts.eval.bench.report import NeedsData, Row, at_least, at_most, data_folder, figure
from tts.values import AnswerKind

SETS = ("unit_test_pairs", "hendrycks_pairs")
EASY = (("1/2", "\\frac{1}{2}"), ("3.0", "3"), ("17", "18"), ("1,000", "1000"), ("x", "x"))
FORMS = ("{0}", "\\frac{{{1}}}{{2}}", "{0}.0", "{0:,}", "${0}$")
"""Spellings of a number and, for the second, of its double: no two answers of a bench are equal."""
COMPARISONS, RUNS = 20_000, 5
ANSWERS, BATCH, RARE = 100_000, 2_000, 100
"""Answers with hostile ones among them and as many without, in turns of a batch; one in `RARE`."""
PATIENCE = 20.0
"""Seconds for one public pair: what is right is no question of how busy the machine is."""
TICK = 0.002
"""Seconds between two looks at the event loop's lag."""
HOSTILE = {
    "power tower": "9^9^9^9",
    "factorial": "(10^{10})!",
    "nested factorial": "((100!)!)!",
    "binomial": "\\binom{10^9}{5*10^8}",
    "integral": "\\int_0^1 x^{x^{x^x}} dx",
    "parentheses": "(" * 2000 + "1" + ")" * 2000,
    "fractions": "\\frac{1}{" * 300 + "2" + "}" * 300,
    "roots": "\\sqrt{" * 500 + "2" + "}" * 500,
    "digits": "7" * 10**6,
    "sum": "+".join(f"x^{{{i}}}" for i in range(3000)),
    "boxes": "\\boxed{" * 100_000,
}
"""Answers made to hang or blow up a checker, named by what they do; none of them is 7."""


class Pair(Struct, frozen=True):
    """Two answers of one kind of task, and whether they are the same answer."""

    about: str
    kind: AnswerKind
    a: str
    b: str
    same: bool


def own_pairs() -> list[Pair]:
    """The project's own pairs, of every kind of answer; the file says how it is written."""
    pairs: list[Pair] = []
    about = kind = ""
    text = files("tts.eval.bench").joinpath("pairs.txt").read_text(encoding="utf-8")
    for line in text.splitlines():
        if line.startswith("[") and line.endswith(("any]", "text]", "mathematics]")):
            about, _, kind = line.strip("[]").rpartition(": ")
        elif line and kind:
            a, sign, b = line.partition(" == ") if " == " in line else line.partition(" <> ")
            pairs.append(Pair(about, cast(AnswerKind, kind), a, b, sign == " == "))
    return pairs


def equivalence(
    *, comparisons: int = COMPARISONS, runs: int = RUNS, answers: int = ANSWERS
) -> list[Row]:
    """Own and public pairs (where the data is), hostile answers, alone and among others, and the
    fast path."""
    rows = [*asyncio.run(_own()), *asyncio.run(_hostile()), *asyncio.run(_mixed(answers))]
    rows.append(_fast(comparisons, runs))
    try:
        return [*asyncio.run(_pairs(data_folder("equivalence"))), *rows]
    except NeedsData as missing:
        return [figure(f"public pairs left out: {missing}", 0, ""), *rows]


async def _own() -> list[Row]:
    async with Equivalence(seconds=PATIENCE) as judge:
        judged = [(pair, await judge.of(pair.kind).compare(pair.a, pair.b)) for pair in own_pairs()]
    wrong = [pair for pair, verdict in judged if (verdict == "same") != pair.same]
    merged = [pair for pair in wrong if not pair.same]
    share = 100 * (1 - len(wrong) / len(judged))
    return [
        at_least(f"right of {len(judged)} own pairs", share, "%", bar=100),
        at_most("own pairs judged the same that are not", len(merged), "", bar=0),
        *(figure(f"missed: {pair.about}: {pair.a!r}, {pair.b!r}", 1, "") for pair in wrong),
    ]


async def _pairs(folder: Path) -> list[Row]:
    async with Equivalence(seconds=PATIENCE) as judge:
        judged = [
            (name, i, row, await _met(judge, row))
            for name in SETS
            for i, row in _read(folder, name)
        ]
    misses = [(name, i, row) for name, i, row, met in judged if not met]
    share = 100 * (1 - len(misses) / len(judged))
    rows = [at_least(f"right of {len(judged)} public pairs", share, "%", bar=98)]
    for name, place, row in misses:
        expected = "same" if row["expected"] else "different"
        said = f"missed: {name} {place}: {row['gold']!r}, {row['pred']!r} should be {expected}"
        rows.append(figure(said, 1, ""))
    return rows


def _read(folder: Path, name: str) -> list[tuple[int, dict[str, Any]]]:
    lines = (folder / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
    return list(enumerate(json.loads(line) for line in lines))


async def _met(judge: Equivalence, row: dict[str, Any]) -> bool:
    rounding = (row.get("options") or {}).get("precision", 6)
    verdict = await judge.compare(row["gold"], row["pred"] or "", rounding=rounding)
    expected: bool = row["expected"]
    return (verdict == "same") == expected


async def _hostile() -> list[Row]:
    """The slowest verdict, and the longest that the event loop was kept from its other work."""
    slowest, lag, wrong = 0.0, 0.0, 0
    async with Equivalence() as judge:
        await judge.compare("\\sqrt{8}", "2\\sqrt{2}")
        for text in HOSTILE.values():
            work = asyncio.create_task(_timed(judge, text))
            while not work.done():
                asked = time.perf_counter()
                await asyncio.sleep(TICK)
                lag = max(lag, time.perf_counter() - asked - TICK)
            seconds, verdict = work.result()
            slowest, wrong = max(slowest, seconds), wrong + (verdict == "same")
    return [
        at_most(f"slowest of {len(HOSTILE)} hostile answers", slowest, "s", bar=2),
        at_most("longest lag of the event loop meanwhile", lag * 1000, "ms", bar=50),
        at_most("hostile answers judged equal to 7", wrong, "", bar=0),
    ]


async def _timed(judge: Equivalence, text: str) -> tuple[float, str]:
    started = time.perf_counter()
    verdict = await judge.compare("7", text)
    return time.perf_counter() - started, verdict


async def _mixed(answers: int) -> list[Row]:
    """What answers cost (CPU seconds of this process), and what with hostile ones among them."""
    spent = {False: 0.0, True: 0.0}
    async with Equivalence() as judge:
        for start in range(0, 2 * answers, BATCH):
            rare = start // BATCH % 2 == 1
            texts = _answers(start, hostile=rare)
            started = time.process_time()
            for text in texts:
                await judge.compare("7", text)
            spent[rare] += time.process_time() - started
        workers = judge.started
    lost = 100 * (1 - spent[False] / spent[True])
    share = f"one hostile answer in {RARE} among {answers:,}"
    return [
        figure("answers compared per CPU second, none hostile", answers / spent[False], ""),
        at_most(f"throughput lost to {share}", lost, "%", bar=10),
        at_most(f"worker processes asked for {share}", workers, "", bar=0),
    ]


def _answers(start: int, *, hostile: bool) -> list[str]:
    """A batch of answers, each another one."""
    bad = list(HOSTILE.values())
    return [
        f"{bad[number // RARE % len(bad)]}+{number}"
        if hostile and number % RARE == 0
        else FORMS[number % len(FORMS)].format(number, 2 * number)
        for number in range(start, start + BATCH)
    ]


def _fast(comparisons: int, runs: int) -> Row:
    judge, rates = Equivalence(), []
    for _ in range(runs):
        started = time.process_time()
        for number in range(comparisons):
            judge.quick(*EASY[number % len(EASY)])
        rates.append(comparisons / (time.process_time() - started))
    return at_least("comparisons per CPU second, fast path", median(rates), "", bar=20_000)
