"""The draws of one `sample`."""

from __future__ import annotations

from typing import Any


class Group:
    """What nodes that were submitted together have in common, worked out once."""

    __slots__ = ("shared",)

    def __init__(self) -> None:
        self.shared: Any = None
        """Kept for whoever carries the nodes out."""
