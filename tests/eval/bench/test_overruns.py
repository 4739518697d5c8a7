"""No kind of overrun of the public catalogue passes its ceiling, by the server's own count."""

from __future__ import annotations

import pytest

from tts.eval.bench.overruns import CAP, CLUSTERS, tried


@pytest.mark.parametrize("name", list(CLUSTERS))
async def test_an_agent_that_would_go_on_for_ever_stops_below_its_ceiling(name: str) -> None:
    spent = await tried(CLUSTERS[name])
    assert spent.requests >= 2
    assert 0 < spent.tokens <= CAP


def test_every_coded_row_of_the_catalogue_has_an_agent_that_stands_for_it() -> None:
    assert len(CLUSTERS) == 8 and sum(one.rows for one in CLUSTERS.values()) == 110
