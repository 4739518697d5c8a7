"""The views that show calls, attempts and uses, in whichever row they stand, to those who read SQL.

Migrations make them. What a schema counts of a usage is given by the migration, so that one that is
older than a column stays what it was.
"""

from __future__ import annotations

from collections.abc import Sequence

from alembic import op

OPEN = (
    "serial",
    "job",
    "attempt",
    "key",
    "run_id",
    "number",
    "role",
    "model",
    "started_at",
    "queued_s",
)
"""An attempt on its way, in the order of its JSON; its worst case follows."""


def drop_views() -> None:
    for view in ("attempts", "open_attempts", "uses", "calls"):
        op.execute(f"DROP VIEW {view}")


def create_views(usage: Sequence[str]) -> None:
    """Make them over amounts of these names."""
    postgres = op.get_bind().dialect.name == "postgresql"
    op.execute(f"CREATE VIEW calls AS {calls(usage, postgres)}")
    op.execute(f"CREATE VIEW uses AS {uses(usage, postgres)}")
    op.execute(f"CREATE VIEW open_attempts AS {on_their_way(usage, postgres)}")
    op.execute(f"CREATE VIEW attempts AS {attempts(usage, postgres)}")


def columns_of_attempts(usage: Sequence[str]) -> tuple[str, ...]:
    """What its intent says of an attempt, and how it ended, once it has."""
    worst, billed = (tuple(prefix + name for name in usage) for prefix in ("worst_", "billed_"))
    ended = ("open", "state", "latency_s", "error", "price_version", *billed)
    return ("process", "serial", *OPEN[1:], *worst, *ended)


def listed(*columns: str, of: str = "", prefix: str = "") -> str:
    return ", ".join(f"{of}{prefix}{name} AS {name}" if of else name for name in columns)


def calls(usage: Sequence[str], postgres: bool) -> str:
    own = ("job", "problem_id", "operation", "version", "role", "model", "revision")
    done = ("parent_key", "draw", "content", "degraded", *usage)
    hashes = f"{hexed('d.key', postgres)}, {hexed('d.input_hash', postgres)}"
    return (
        f"SELECT {listed(*own)}, key, input_hash, {listed(*done)} FROM call_rows UNION ALL "
        f"SELECT {listed(*own, of='o.')}, {hashes}, {listed(*done, of='d.')} "
        "FROM done d JOIN operations o ON o.id = d.operation"
    )


def uses(usage: Sequence[str], postgres: bool) -> str:
    place = ("run_id", "node", "inputs")
    return (
        f"SELECT job, {listed(*place)}, key, role, name, origin, at, {listed(*usage)} FROM use_rows "
        f"UNION ALL SELECT o.job, {listed(*place, of='d.')}, {hexed('d.key', postgres)}, o.role, "
        f"o.name, 'made', d.started_at + d.latency_s, {listed(*usage, of='d.', prefix='attributed_')} "
        "FROM done d JOIN operations o ON o.id = d.operation"
    )


def attempts(usage: Sequence[str], postgres: bool) -> str:
    """Those with rows of their own, the answered ones, and those that nobody settled."""
    names = listed(*columns_of_attempts(usage))
    return (
        f"SELECT {names} FROM attempt_rows UNION ALL {answered(usage, postgres)} "
        f"UNION ALL SELECT {names} FROM open_attempts"
    )


def answered(usage: Sequence[str], postgres: bool) -> str:
    process = process_of("d", postgres)
    serial = "to_hex(d.serial)" if postgres else "printf('%x', d.serial)"
    zeros = ", ".join("0" for _ in usage)
    no = "FALSE" if postgres else "0"
    billed = [f"billed_{name}" for name in usage]
    return (
        f"SELECT {process}, d.serial, o.job, {process} || '-' || {serial}, "
        f"{hexed('d.key', postgres)}, d.run_id, d.number, o.role, o.model, d.started_at, d.queued_s, {zeros}, {no}, 'settled', "
        f"d.latency_s, '', o.price_version, {listed(*billed, of='d.')} "
        "FROM done d JOIN operations o ON o.id = d.operation"
    )


def on_their_way(usage: Sequence[str], postgres: bool) -> str:
    kinds = ["BIGINT", "TEXT", "TEXT", "TEXT", "TEXT", "BIGINT", "TEXT", "TEXT"]
    kinds += ["DOUBLE PRECISION", "DOUBLE PRECISION", *["BIGINT"] * len(usage)]
    fields = [field(at, kind, postgres) for at, kind in enumerate(kinds)]
    source = "jsonb_array_elements(p.attempts::jsonb)" if postgres else "json_each(p.attempts)"
    alias = "AS a(value)" if postgres else "AS a"
    values = [process_of("p", postgres), *fields, yes_of(postgres), "'sent_unknown'"]
    values += ["CAST(NULL AS DOUBLE PRECISION)", "CAST(NULL AS TEXT)", "CAST(NULL AS TEXT)"]
    values += ["CAST(NULL AS BIGINT)" for _ in usage]
    named = zip(values, columns_of_attempts(usage), strict=True)
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
