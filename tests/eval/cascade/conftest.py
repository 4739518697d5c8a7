from __future__ import annotations

import numpy as np
from msgspec.structs import replace

from tests.eval.replay.conftest import draws
from tts.eval.replay.pool import Pool


def drawn(
    setting: str,
    chances: list[float],
    *,
    n: int = 4,
    dollars: float = 0.01,
    seed: int = 0,
    scored: bool = False,
) -> Pool:
    """A model that is right with these chances, and else gives one of three wrong answers; where
    it scores, right draws score higher by a little."""
    random, problems = np.random.default_rng(seed), []
    for place, chance in enumerate(chances):
        right = random.random(n) < chance
        answers = np.where(right, 0, random.integers(1, 4, n))
        _, classes = np.unique(answers, return_inverse=True)
        scores = (random.random(n) * 0.6 + 0.4 * right).tolist() if scored else None
        one = draws(classes.tolist(), right.tolist(), scores, problem_id=f"p{place}")
        problems.append(replace(one, dollars=np.full(n, dollars), seconds=np.full(n, 2.0)))
    return Pool(setting=setting, source="rows.jsonl", task="math", problems=tuple(problems))
