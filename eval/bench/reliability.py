"""`reliability`: the promises of `docs/reliability.md`, each tried, each a row with its bar."""

from __future__ import annotations

from tts.eval.bench.reliability_budget import wallets
from tts.eval.bench.reliability_estimate import pilots
from tts.eval.bench.reliability_faults import failing_disk, failing_server, stalled_stream
from tts.eval.bench.reliability_kills import killed_and_resumed
from tts.eval.bench.reliability_steps import at_random
from tts.eval.bench.report import Row

POINTS, PROCESSES = 3, 8


def reliability(*, points: int = POINTS, processes: int = PROCESSES) -> list[Row]:
    """`points` jobs are killed and resumed, `processes` share a wallet, and wallets take steps at
    random; then servers and disks fail, and pilots foretell simulated jobs."""
    return [
        *killed_and_resumed(points),
        *wallets(processes),
        *at_random(),
        *failing_server(),
        *stalled_stream(),
        *failing_disk(),
        *pilots(),
    ]
