from __future__ import annotations

import struct

from hypothesis import given
from hypothesis import strategies as st

from tts.verifiers.sandbox.inside.seccomp import AUDIT, Instruction, program, wire

BYTE = st.integers(0, 0xFF)
INSTRUCTIONS = st.tuples(st.integers(0, 0xFFFF), BYTE, BYTE, st.integers(0, 0xFFFFFFFF))


@given(st.lists(INSTRUCTIONS))
def test_a_filter_is_laid_out_as_the_kernel_reads_it(lines: list[Instruction]) -> None:
    assert wire(lines) == b"".join(struct.pack("<HBBI", *line) for line in lines)


def test_every_field_of_every_filter_fits_its_place() -> None:
    for machine in AUDIT:
        for alone in (True, False):
            lines = program(machine, 2**22, alone=alone, threads=alone)
            assert all(
                code < 2**16 and yes < 2**8 and no < 2**8 and value < 2**32
                for code, yes, no, value in lines
            )
