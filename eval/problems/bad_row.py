"""A row that cannot be read."""

from __future__ import annotations


class BadRow(ValueError):
    """One row is unusable; the message is the reason alone, the reader adds file and line."""
