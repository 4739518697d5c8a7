"""Recorded draws under other rules: curves, votes, stop rules and smaller N, at no cost.

Strategies by name (`rules.plan_of`) need the engine, which the rest does not.
"""

from tts.eval.replay.curves import CurvePoint, curve
from tts.eval.replay.lab import Asked, FrontierPoint, LabReport, Setting, lab
from tts.eval.replay.plan import Plan
from tts.eval.replay.pool import Draws, Pool
from tts.eval.replay.replayed import Replayed, replayed
from tts.eval.replay.trails import SeenDraws, Trail, trails

__all__ = [
    "Asked",
    "CurvePoint",
    "Draws",
    "FrontierPoint",
    "LabReport",
    "Plan",
    "Pool",
    "Replayed",
    "SeenDraws",
    "Setting",
    "Trail",
    "curve",
    "lab",
    "replayed",
    "trails",
]
