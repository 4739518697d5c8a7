"""What a run computes anew: tokens, FLOPs and dollars without what is computed twice.

What was written before has no such amounts: they are unknown.

Revision: 0004
"""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

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
OPEN: tuple[str, ...] = (
    "serial",
    "job",
    "attempt",
    "key",
    "run_id",
    "number",
    "role",
    "model",
    "started_at",
)
OPEN += ("queued_s",)
"""An attempt on its way, in the order of its JSON; its worst case follows."""

SPENDS = tuple(tuple(prefix + name for name in USAGE) for prefix in ("", "worst_", "billed_"))
BEGUN = ("process", "serial", *OPEN[1:], *SPENDS[1])
ENDED = ("open", "state", "latency_s", "error", "price_version", *SPENDS[2])

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
    for view in ("attempts", "open_attempts", "uses", "calls"):
        op.execute(f"DROP VIEW {view}")
    for table, prefixes in AMOUNTS.items():
        for prefix in prefixes:
            for name in FRESH:
                op.add_column(table, sa.Column(prefix + name, sa.BigInteger))
    postgres = op.get_bind().dialect.name == "postgresql"
    op.execute(f"CREATE VIEW calls AS {calls(postgres)}")
    op.execute(f"CREATE VIEW uses AS {uses(postgres)}")
    op.execute(f"CREATE VIEW open_attempts AS {on_their_way(postgres)}")
    op.execute(f"CREATE VIEW attempts AS {attempts(postgres)}")


def listed(*columns: str, of: str = "", prefix: str = "") -> str:
    return ", ".join(f"{of}{prefix}{name} AS {name}" if of else name for name in columns)


def calls(postgres: bool) -> str:
    own = ("job", "problem_id", "operation", "version", "role", "model", "revision")
    done = ("parent_key", "draw", "content", "degraded", *USAGE)
    hashes = f"{hexed('d.key', postgres)}, {hexed('d.input_hash', postgres)}"
    return (
        f"SELECT {listed(*own)}, key, input_hash, {listed(*done)} FROM call_rows UNION ALL "
        f"SELECT {listed(*own, of='o.')}, {hashes}, {listed(*done, of='d.')} "
        "FROM done d JOIN operations o ON o.id = d.operation"
    )


def uses(postgres: bool) -> str:
    place = ("run_id", "node", "inputs")
    return (
        f"SELECT job, {listed(*place)}, key, role, name, origin, at, {listed(*USAGE)} FROM use_rows "
        f"UNION ALL SELECT o.job, {listed(*place, of='d.')}, {hexed('d.key', postgres)}, o.role, "
        f"o.name, 'made', d.started_at + d.latency_s, {listed(*USAGE, of='d.', prefix='attributed_')} "
        "FROM done d JOIN operations o ON o.id = d.operation"
    )


def attempts(postgres: bool) -> str:
    """Those with rows of their own, the answered ones, and those that nobody settled."""
    names, (_, _, billed) = listed(*BEGUN, *ENDED), SPENDS
    return (
        f"SELECT {names} FROM attempt_rows UNION ALL {answered(postgres, billed)} "
        f"UNION ALL SELECT {names} FROM open_attempts"
    )


def answered(postgres: bool, billed: Sequence[str]) -> str:
    process = process_of("d", postgres)
    serial = "to_hex(d.serial)" if postgres else "printf('%x', d.serial)"
    zeros = ", ".join("0" for _ in USAGE)
    no = "FALSE" if postgres else "0"
    return (
        f"SELECT {process}, d.serial, o.job, {process} || '-' || {serial}, "
        f"{hexed('d.key', postgres)}, d.run_id, d.number, o.role, o.model, d.started_at, d.queued_s, {zeros}, {no}, 'settled', "
        f"d.latency_s, '', o.price_version, {listed(*billed, of='d.')} "
        "FROM done d JOIN operations o ON o.id = d.operation"
    )


def on_their_way(postgres: bool) -> str:
    kinds = ["BIGINT", "TEXT", "TEXT", "TEXT", "TEXT", "BIGINT", "TEXT", "TEXT"]
    kinds += ["DOUBLE PRECISION", "DOUBLE PRECISION", *["BIGINT"] * len(USAGE)]
    fields = [field(at, kind, postgres) for at, kind in enumerate(kinds)]
    source = "jsonb_array_elements(p.attempts::jsonb)" if postgres else "json_each(p.attempts)"
    alias = "AS a(value)" if postgres else "AS a"
    values = [process_of("p", postgres), *fields, yes_of(postgres), "'sent_unknown'"]
    values += ["CAST(NULL AS DOUBLE PRECISION)", "CAST(NULL AS TEXT)", "CAST(NULL AS TEXT)"]
    values += ["CAST(NULL AS BIGINT)" for _ in USAGE]
    named = zip(values, (*BEGUN, *ENDED), strict=True)
    process = process_of("p", postgres)
    return (
        f"SELECT {', '.join(f'{value} AS {name}' for value, name in named)} "
        f"FROM opens p CROSS JOIN {source} {alias} "
        f"WHERE NOT EXISTS (SELECT 1 FROM attempt_rows r WHERE r.process = {process} "
        f"AND r.serial = {fields[0]}) AND NOT EXISTS (SELECT 1 FROM done d WHERE "
        f"d.run_id = {fields[4]} AND d.process = p.process AND d.serial = {fields[0]})"
    )


def yes_of(postgres: bool) -> str:
    return "TRUE" if postgres else "1"


def hexed(column: str, postgres: bool) -> str:
    return f"encode({column}, 'hex')" if postgres else f"lower(hex({column}))"


def process_of(table: str, postgres: bool) -> str:
    """The token of a process, from its number."""
    if postgres:
        return f"lpad(to_hex({table}.process), 16, '0')"
    return f"printf('%016x', {table}.process)"


def field(at: int, kind: str, postgres: bool) -> str:
    return (
        f"CAST(a.value->>{at} AS {kind})"
        if postgres
        else f"CAST(json_extract(a.value, '$[{at}]') AS {kind})"
    )
