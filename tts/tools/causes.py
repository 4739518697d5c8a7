"""What went wrong, in words."""

from __future__ import annotations

from collections.abc import Iterator


def causes(error: BaseException) -> Iterator[str]:
    """The errors of a group one by one; of any other error, itself."""
    if isinstance(error, BaseExceptionGroup):
        for inner in error.exceptions:
            yield from causes(inner)
    else:
        yield f"{type(error).__name__}: {error}"
