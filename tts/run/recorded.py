"""What an earlier process wrote down about a run, for its replay."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import msgspec

from tts.protocols import OutcomeRow, UseRow


@dataclass(frozen=True)
class Recorded:
    """Outcomes and bindings of a run by node id; empty for a fresh one."""

    outcomes: Mapping[str, OutcomeRow] = field(default_factory=dict)
    keys: Mapping[str, str] = field(default_factory=dict)
    """Which call each node used."""

    @classmethod
    def of(cls, outcomes: Iterable[OutcomeRow], uses: Iterable[UseRow]) -> Recorded:
        return cls({row.node: row for row in outcomes}, {row.node: row.key for row in uses})

    def members(self, node: str) -> tuple[int, ...] | None:
        """The recorded members of a join, by position and in order of arrival."""
        row = self.outcomes.get(node)
        if row is None or row.kind not in ("join", "arrival"):
            return None
        return msgspec.json.decode(row.content, type=tuple[int, ...])


FRESH = Recorded()
