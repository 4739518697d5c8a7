"""What a server of a benchmark has seen."""

from __future__ import annotations

from msgspec import Struct


class Served(Struct, frozen=True, kw_only=True):
    """Counts since the server started."""

    requests: int
    most_in_flight: int
    in_flight: int
    bodies: dict[str, int]
    """How often each body came, by its hash; empty where the plan keeps no records."""
