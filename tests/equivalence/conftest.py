from collections.abc import AsyncIterator

import pytest

from tts.equivalence import Equivalence


@pytest.fixture
async def equivalence() -> AsyncIterator[Equivalence]:
    async with Equivalence(seconds=30) as found:
        yield found
