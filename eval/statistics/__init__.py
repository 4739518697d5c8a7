"""How sure a figure is: intervals, paired tests, corrections and what n problems can show."""

from tts.eval.statistics.bootstrap import RESAMPLES, bootstrap_mean, bootstrap_means
from tts.eval.statistics.detectable import (
    FEWEST,
    TOO_FEW,
    detectable_difference,
    problems_needed,
    verdict,
)
from tts.eval.statistics.estimate import Estimate
from tts.eval.statistics.holm import holm
from tts.eval.statistics.mcnemar import mcnemar
from tts.eval.statistics.paired_difference import PairedDifference, paired_difference
from tts.eval.statistics.wilson import wilson

__all__ = [
    "FEWEST",
    "RESAMPLES",
    "TOO_FEW",
    "Estimate",
    "PairedDifference",
    "bootstrap_mean",
    "bootstrap_means",
    "detectable_difference",
    "holm",
    "mcnemar",
    "paired_difference",
    "problems_needed",
    "verdict",
    "wilson",
]
