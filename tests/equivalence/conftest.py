from collections.abc import AsyncIterator

import pytest

from tts.equivalence import Equivalence


@pytest.fixture
async def equivalence() -> AsyncIterator[Equivalence]:
    async with Equivalence() as found:
        yield found
