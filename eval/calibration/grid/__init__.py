"""Choosing among whole settings that ordinary comparisons recorded, by predicted difficulty."""

from tts.eval.calibration.grid.calibrate import GridWanted, calibrate_grid
from tts.eval.calibration.grid.choose import Wish

__all__ = ["GridWanted", "Wish", "calibrate_grid"]
