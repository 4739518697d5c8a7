"""Equal siblings are one candidate."""

from __future__ import annotations

from tts.errors import Dropped
from tts.graph import Outcome
from tts.run import picks
from tts.values import Candidate


@picks
def distinct(draft: Candidate, earlier: list[Outcome[Candidate]]) -> Candidate:
    """The draft, unless an earlier sibling has the same text; then `Dropped`, and never scored."""
    if any(outcome.value and outcome.value.text == draft.text for outcome in earlier):
        raise Dropped("An earlier draft has the same text.")
    return draft
