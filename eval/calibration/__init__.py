"""Fitting a policy to recorded draws, and judging it on others."""

from tts.eval.calibration.calibrate import Calibration, Wanted, calibrate
from tts.eval.calibration.report import summary_lines

__all__ = ["Calibration", "Wanted", "calibrate", "summary_lines"]
