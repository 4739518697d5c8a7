"""What an earlier process wrote down about a run, and how a replay keeps to it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import msgspec

from tts.protocols import OutcomeRow, UseRow
from tts.values import NOTHING, Usage

SHARE = ":share"
"""Ends the id under which an outcome says that a child had its share, or was refused one."""


@dataclass(frozen=True)
class Recorded:
    """Outcomes and bindings of a run by node id; empty for a fresh one."""

    outcomes: Mapping[str, OutcomeRow] = field(default_factory=dict)
    keys: Mapping[str, str] = field(default_factory=dict)
    """Which call each node used."""
    attributed: dict[str, Usage] = field(default_factory=dict)
    """What each node was charged and the replay has not charged yet."""
    billed: Usage = NOTHING
    """What earlier processes were billed for it."""

    @classmethod
    def of(
        cls, outcomes: Iterable[OutcomeRow], uses: Iterable[UseRow], billed: Usage = NOTHING
    ) -> Recorded:
        decided, used = {row.node: row for row in outcomes}, list(uses)
        attributed = {row.node: row.attributed for row in used}
        ended = (row for row in decided.values() if row.kind in ("dropped", "failed", "refused"))
        attributed |= {row.node: row.attributed for row in ended}
        return cls(decided, {row.node: row.key for row in used}, attributed, billed)

    def missed(self, node: str) -> Usage:
        """What a node and its child Run were charged before, taken out; a replay that drops them
        earlier charges it all the same."""
        inside = [i for i in self.attributed if i == node or i.startswith(f"{node}/")]
        return sum((self.attributed.pop(i) for i in inside), NOTHING)

    def pending(self, path: str = "") -> int:
        """How many uses and charges of the earlier process under a path are not back yet."""
        charged = self.attributed.items()
        return sum(
            (node in self.keys or bool(usage.calls)) and node.startswith(path)
            for node, usage in charged
        )

    def submitted(self, child: str) -> int | None:
        """How many nodes a child Run had when it was dropped; None where it was not."""
        if not self.dropped(child):
            return None
        return msgspec.json.decode(self.outcomes[child].content, type=int)

    def share(self, child: str) -> OutcomeRow | None:
        """Whether a child's share was granted or refused before."""
        return self.outcomes.get(f"{child}{SHARE}")

    def finished(self, node: str) -> bool:
        """Whether the call of a node ended well before, so that dropping it did nothing."""
        return node in self.keys and node not in self.outcomes

    def dropped(self, node: str) -> bool:
        """Whether a node was given up before it ended."""
        row = self.outcomes.get(node)
        return row is not None and row.kind == "dropped"

    def members(self, node: str) -> tuple[int, ...] | None:
        """The recorded members of a join, by position and in order of arrival."""
        row = self.outcomes.get(node)
        if row is None or row.kind not in ("join", "arrival"):
            return None
        return msgspec.json.decode(row.content, type=tuple[int, ...])


FRESH = Recorded()


TURNS = 50
"""Turns of the loop in which most replays have seen everything."""
PAUSE = 0.01
"""Seconds between two looks from then on."""
PATIENCE = 1000
"""Looks in a row that saw nothing new: what is missing then does not come, as from other code."""


async def caught_up(recorded: Recorded, path: str) -> None:
    """Wait until every call that an earlier process charged under a path has come again.

    A refusal is repeated at once, while calls that were paid for before it fell take their turns;
    their candidates count, so what they belong to must not be closed before they are back.
    """
    idle, missing = 0, recorded.pending(path)
    while missing and idle < PATIENCE:
        await asyncio.sleep(0 if idle < TURNS else PAUSE)
        before, missing = missing, recorded.pending(path)
        idle = 0 if missing < before else idle + 1
