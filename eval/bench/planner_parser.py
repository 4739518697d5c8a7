"""The readers of plans under every chunking."""

from __future__ import annotations

from random import Random

from tts.eval.bench.row import Row, exactly
from tts.planner import Plan, write_plan
from tts.planner.language import Form, Statement, open_reader

ROUNDS = 40
_NOISE = (
    "Thought: I'd look (both) up first.\n",
    "```\n",
    "1. see [what\n",
    'note: "quoted\n',
    "7. search('open\n",
    "",
)


def parser(plans: list[Plan], *, rounds: int = ROUNDS) -> list[Row]:
    """Chunkings of plans, whole and damaged, that read differently from the text as one."""
    rng, tried, different = Random(3), 0, 0
    forms: tuple[Form, ...] = ("text", "json")
    for plan in plans:
        for form in forms:
            for _ in range(rounds):
                text = _damaged(rng.choice(_NOISE) + write_plan(plan, form), rng)
                tried += 1
                different += read_in_chunks(text, form, rng) != read_in_chunks(text, form, None)
    return [exactly(f"of {tried} chunkings, read differently", different, "", bar=0)]


def read_in_chunks(text: str, form: Form, rng: Random | None) -> list[Statement]:
    """Everything that is sealed; None: the text in one piece."""
    reader = open_reader(form)
    sealed: list[Statement] = []
    place = 0
    most = rng.choice((1, 3, 10, 80)) if rng else max(1, len(text))
    while place < len(text):
        size = rng.randint(1, most) if rng else most
        sealed += reader.feed(text[place : place + size])
        place += size
    return [*sealed, *reader.end()]


def _damaged(text: str, rng: Random) -> str:
    """The text, every other time with a letter lost or one put in."""
    place = rng.randrange(len(text))
    kind = rng.randrange(4)
    if kind == 0:
        return text[:place] + text[place + 1 :]
    if kind == 1:
        return text[:place] + rng.choice("\"'()[]{}\\\n$#") + text[place:]
    return text
