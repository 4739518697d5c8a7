"""The journal rows of a simulated call."""

from __future__ import annotations

from hashlib import blake2b

from msgspec.structs import astuple

from tts.protocols import CallRow, IntentRow, Row, SettledRow, UseRow
from tts.values import Usage

SPENT = Usage(calls=1, prompt_tokens=300, completion_tokens=200, nanodollars=1000, flops=10**16)
WORST = Usage(calls=1, prompt_tokens=300, completion_tokens=512, nanodollars=5000, flops=10**17)
TEXT = (
    b'{"finish_reason":"stop","text":"'
    + b"We add the first two numbers, then halve what is left. " * 6
    + b'"}'
)


def key_of(number: int) -> str:
    """As scattered as real keys are."""
    return blake2b(number.to_bytes(8, "big"), digest_size=16).hexdigest()


def intent_row(number: int) -> IntentRow:
    """An attempt about to be sent."""
    return IntentRow(
        job="bench",
        attempt=f"process-{number:x}",
        key=key_of(number),
        run_id=f"{number // 16:016x}",
        number=0,
        role="sample",
        model="simulated",
        worst=WORST,
        started_at=1.5,
        queued_s=0.25,
    )


def call_rows(number: int) -> tuple[Row, Row, Row]:
    """Its settlement, the finished call and its use."""
    settled = SettledRow(
        job="bench", attempt=f"process-{number:x}", state="settled", billed=SPENT, latency_s=0.5
    )
    return settled, _call(number), _use(number)


def plain_values(number: int) -> list[tuple[object, ...]]:
    """The same columns as plain tuples: attempt, call, use; a number or a key stands first."""
    settled = call_rows(number)[0]
    spent = astuple(SPENT)
    attempt = (*astuple(intent_row(number))[:7], *astuple(WORST), *astuple(settled)[2:3], *spent)
    return [
        (number, *attempt),
        (*astuple(_call(number))[1:12], *spent),
        (f"{number // 16:016x}/{number % 16}", *astuple(_use(number))[3:8], *spent),
    ]


def _call(number: int) -> CallRow:
    return CallRow(
        job="bench",
        key=key_of(number),
        problem_id=f"p{number // 64}",
        operation="sample/math",
        version="1",
        role="sample",
        model="simulated",
        revision="",
        input_hash=key_of(number // 16),
        parent_key="",
        index=number % 16,
        content=TEXT,
        usage=SPENT,
    )


def _use(number: int) -> UseRow:
    return UseRow(
        job="bench",
        run_id=f"{number // 16:016x}",
        node=str(number % 16),
        key=key_of(number),
        role="sample",
        name="sample/math",
        inputs="",
        origin="made",
        attributed=SPENT,
        at=2.0,
    )
