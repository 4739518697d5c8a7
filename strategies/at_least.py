"""A check that constructors share."""

from __future__ import annotations


def at_least(least: int, /, **values: int) -> None:
    """ValueError for the first named value that is no whole number of at least `least`."""
    for name, value in values.items():
        if isinstance(value, bool) or not isinstance(value, int) or value < least:
            raise ValueError(f"{name} is a whole number of at least {least}, not {value!r}.")
