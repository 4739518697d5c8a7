"""Retrievals are counted beside the calls that they are.

What was written before is counted by its role.

Revision: 0006
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from tts.ledger.views import create_views, drop_views

revision = "0006"
down_revision: str | None = "0005"

USAGE = (
    "calls",
    "prompt_tokens",
    "cached_prompt_tokens",
    "completion_tokens",
    "reasoning_tokens",
    "nanodollars",
    "flops",
    "gpu_microseconds",
    "fresh_tokens",
    "fresh_flops",
    "fresh_nanodollars",
    "retrievals",
)
COUNTED = {"call_rows": ("",), "use_rows": ("",), "attempt_rows": ("worst_", "billed_")}
"""By table whose rows say their role: the prefixes of its usages."""
DONE = ("", "billed_", "attributed_")
RUNS = {"attributed_": "uses", "billed_": "attempts"}
"""By prefix of a run's usage: what it sums up."""


def upgrade() -> None:
    drop_views()
    for table, prefixes in (
        COUNTED | {"done": DONE, "runs": tuple(RUNS), "outcomes": ("",)}
    ).items():
        for prefix in prefixes:
            optional = table == "runs" or (table, prefix) == ("attempt_rows", "billed_")
            column = sa.Column(
                f"{prefix}retrievals", sa.BigInteger, nullable=optional, server_default="0"
            )
            op.add_column(table, column)
    for table, prefixes in COUNTED.items():
        for prefix in prefixes:
            op.execute(
                f"UPDATE {table} SET {prefix}retrievals = {prefix}calls WHERE role = 'retrieve'"
            )
    for prefix in DONE:
        op.execute(
            f"UPDATE done SET {prefix}retrievals = {prefix}calls WHERE operation IN "
            "(SELECT id FROM operations WHERE role = 'retrieve')"
        )
    create_views(USAGE)
    for prefix, view in RUNS.items():
        amount = "retrievals" if view == "uses" else "billed_retrievals"
        op.execute(
            f"UPDATE runs SET {prefix}retrievals = (SELECT COALESCE(SUM(v.{amount}), 0) "
            f"FROM {view} v WHERE v.job = runs.job AND v.run_id = runs.run_id)"
        )
