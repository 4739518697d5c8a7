"""A session without a server."""

from __future__ import annotations

from tts.backends.simulated import SimulatedGenerator
from tts.engine import Session, SessionOptions, open_session


async def offline_session(*, concurrency: int = 512, success: float = 0.7) -> Session:
    """A simulated model, no verifier."""
    generator = SimulatedGenerator(success)
    return await open_session(
        SessionOptions(model=generator, verifier=None, concurrency=concurrency, adaptive=False)
    )
