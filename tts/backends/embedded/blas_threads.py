"""How many threads numpy's matrix products use."""

from __future__ import annotations

import ctypes
from pathlib import Path

import numpy as np

_SETTERS = ("scipy_openblas_set_num_threads64_", "openblas_set_num_threads64_")


def use_one_blas_thread() -> None:
    """Let the OpenBLAS that numpy's wheels contain compute on the calling thread alone.

    Matrices of this size gain little from a second thread, and where cores are busy its
    spinning makes them many times slower. Holds for the whole process; does nothing where numpy
    was built with another library.
    """
    libraries = Path(np.__file__).parent.with_name("numpy.libs")
    for path in libraries.glob("*openblas*"):
        library = ctypes.CDLL(str(path))
        for name in _SETTERS:
            if hasattr(library, name):
                getattr(library, name)(ctypes.c_int(1))
