"""What a run computes anew: tokens, FLOPs and dollars without what is computed twice.

What was written before has no such amounts: they are unknown.

Revision: 0004
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from tts.ledger.views import create_views, drop_views

revision = "0004"
down_revision: str | None = "0003"

FRESH = ("fresh_tokens", "fresh_flops", "fresh_nanodollars")
USAGE = (
    "calls",
    "prompt_tokens",
    "cached_prompt_tokens",
    "completion_tokens",
    "reasoning_tokens",
    "nanodollars",
    "flops",
    "gpu_microseconds",
    *FRESH,
)
AMOUNTS = {
    "runs": ("attributed_", "billed_"),
    "call_rows": ("",),
    "use_rows": ("",),
    "outcomes": ("",),
    "attempt_rows": ("worst_", "billed_"),
    "done": ("", "billed_", "attributed_"),
}
"""By table: the prefixes of its usages."""


def upgrade() -> None:
    drop_views()
    for table, prefixes in AMOUNTS.items():
        for prefix in prefixes:
            for name in FRESH:
                op.add_column(table, sa.Column(prefix + name, sa.BigInteger))
    create_views(USAGE)
