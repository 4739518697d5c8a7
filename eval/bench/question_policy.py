"""`question_policy`: recorded answers to questions of two hops, each asked again only where it pays."""

from __future__ import annotations

from tts.eval.allocate.question_policy import read_recorded, replayed
from tts.eval.bench.report import Row, at_least, at_most, data_folder, figure
from tts.eval.statistics import Estimate

UNIT = "%"


def question_policy() -> list[Row]:
    """ProbTree's recorded HotpotQA: closed book, open book, decomposed, and when to go on."""
    folder = data_folder("rag")
    found = replayed(
        read_recorded(folder / "probtree_hotpot_recorded.json", folder / "hotpot_dev_gold.json")
    )
    what = f"HotpotQA-{found.n}, exact match"
    ways = {
        "closed book": found.closed,
        "open book": found.read,
        "decomposed": found.hops,
        "ProbTree's choice of the three": found.chosen,
        "any of the three (oracle)": found.oracle,
        "the policy, cross-fitted": found.policy,
    }
    gap = found.difference
    return [
        *(
            figure(f"{what}: {way}{_between(one)}", _percent(one.value), UNIT)
            for way, one in ways.items()
        ),
        at_least(
            f"the policy less ProbTree's choice{_between(gap)}",
            _percent(gap.value),
            "points",
            bar=-1,
        ),
        at_most(
            f"questions asked again past open book{_between(found.escalated)}",
            _percent(found.escalated.value),
            UNIT,
            bar=50,
        ),
    ]


def _percent(share: float) -> float:
    return 100 * share


def _between(of: Estimate) -> str:
    return f" [{_percent(of.low):.1f}, {_percent(of.high):.1f}]"
