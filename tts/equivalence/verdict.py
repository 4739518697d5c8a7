"""What comparing two answers says."""

from __future__ import annotations

from typing import Literal

Verdict = Literal["same", "different", "undecided"]
"""`undecided`: it was too large, took too long or broke; never a guess."""
