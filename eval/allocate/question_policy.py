"""A per-question policy fitted to recorded answers, and judged on questions that it did not learn."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from tts.errors import BadInput
from tts.eval.calibration.fit import logistic
from tts.eval.metrics.text_answers import text_score
from tts.eval.problems.lines import text_lines
from tts.eval.statistics import Estimate, bootstrap_mean, paired_interval
from tts.strategies.retrieval.confidence import QuestionPolicy, Said, Sign, signs

Floats = NDArray[np.float64]
FOLDS, REPEATS = 5, 8
"""Parts of the questions, each judged once by what the others taught; and ways to part them."""
RIDGE = 3.0
STEEPEST = 0.9
"""More reading pays most where an answer is least sure: what a few hundred questions say to the
contrary is noise."""
FLAT = 1e-9
"""A variance of chances below this is none."""
MOST_ESCALATED = 0.48
"""Share of the questions that may be asked again where the policy is fitted: what is escalated
elsewhere scatters around it."""


class Recorded(Struct, frozen=True, kw_only=True):
    """One question with what each way of answering said."""

    closed: Said
    read: Said
    """From documents, in one call."""
    hops: Said
    """From the answers to its sub-questions."""
    chosen: Said
    """What the whole procedure, which asks all ways, decides for."""
    references: tuple[str, ...]


class Replayed(Struct, frozen=True, kw_only=True):
    """Exact matches, in shares of the questions, with 95 % intervals over questions."""

    n: int
    closed: Estimate
    read: Estimate
    hops: Estimate
    chosen: Estimate
    oracle: Estimate
    """Any of the first three is right."""
    policy: Estimate
    difference: Estimate
    """Paired: the policy less what is chosen by asking all ways."""
    escalated: Estimate
    """Share of the questions that the policy asks again past documents in one call."""


def read_recorded(trees: Path, gold: Path) -> list[Recorded]:
    """ProbTree's recorded trees (Cao et al. 2023) with the answers of HotpotQA's development set.

    A tree is a list of nodes, the question last. Questions without a gold answer are left out;
    raises `BadInput` where a file is of another form, or no question has one.
    """
    try:
        answers = {_key(one["question"]): one["answer"] for one in _json(gold)}
        roots = [(_key(tree[-1]["question_text"]), tree[-1]) for tree in _json(trees)]
        found = [_recorded(root, answers[key]) for key, root in roots if key in answers]
    except (KeyError, IndexError, TypeError) as error:
        raise BadInput(
            f"{trees} with {gold}: no recorded trees with answers: {error!r}."
        ) from error
    if not found:
        raise BadInput(f"{trees}: no question has its answer in {gold}.")
    return found


def read_rows(path: Path) -> list[Recorded]:
    """Lines of JSON: `{"closed": {"answer": "Turku", "mean_logprob": -0.1}, "read": …, "hops": …,
    "chosen": …, "references": ["Visby"]}`; raises `BadInput` with file, line and reason."""
    found = []
    for number, line in text_lines(path):
        try:
            if isinstance(line, ValueError):
                raise line
            if line.strip():
                found.append(msgspec.json.decode(line, type=Recorded))
                text_score(None, found[-1].references)
        except ValueError as error:
            raise BadInput(f"{path}:{number}: {error}.") from None
    return found


def _json(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BadInput(f"{path}: {error.strerror}.") from error
    except ValueError as error:
        raise BadInput(f"{path} is no JSON: {error}.") from error


def _key(question: str) -> str:
    return re.sub(r"\W", "", question.lower())


def _recorded(root: dict[str, Any], answer: str) -> Recorded:
    read = Said(*root["ob_answer"])
    return Recorded(
        closed=Said(*root["cb_answer"]),
        read=read,
        hops=Said(*root["child_answer"]) if root.get("child_answer") else read,
        chosen=Said(*root["answer"]),
        references=(answer,),
    )


def fit(rows: Sequence[Recorded], *, most_escalated: float = MOST_ESCALATED) -> QuestionPolicy:
    """How sure open-book answers are, by ridge-penalised logistic regression, and where the
    procedure that asks all ways is right more often.

    The least gain is 0, or higher where more than `most_escalated` of the questions have a gain.
    """
    seen = [signs(one.closed, one.read) for one in rows]
    names = [name for name in seen[0] if all(one[name] is not None for one in seen)]
    table = np.array([[one[name] for name in names] for one in seen], dtype=np.float64)
    means, scales = table.mean(axis=0), np.maximum(table.std(axis=0), 1e-9)
    standard = np.column_stack([np.ones(len(rows)), (table - means) / scales])
    weights = logistic(standard, _right(rows, "read"), ridge=RIDGE)
    chance = 1 / (1 + np.exp(-standard @ weights))
    slope, base = _line(chance, _right(rows, "chosen"))
    of_names = zip(names, map(float, means), map(float, scales), weights[1:], strict=True)
    policy = QuestionPolicy(
        shift=float(weights[0]),
        signs={name: Sign(mean, scale, float(weight)) for name, mean, scale, weight in of_names},
        base=base,
        slope=slope,
    )
    gains = [policy.gain(float(one)) for one in chance]
    least = max(0.0, float(np.quantile(gains, 1 - most_escalated)))
    return QuestionPolicy(
        shift=policy.shift,
        signs=policy.signs,
        base=policy.base,
        slope=policy.slope,
        least_gain=least,
    )


def _line(chance: Floats, right: Floats) -> tuple[float, float]:
    """Slope and base of the least squares line, its slope between 0 and `STEEPEST`."""
    spread = float(chance.var())
    steep = float(((chance - chance.mean()) * right).mean()) / spread if spread > FLAT else 0.0
    slope = min(STEEPEST, max(0.0, steep))
    return slope, float(right.mean() - slope * chance.mean())


def _right(rows: Sequence[Recorded], way: str) -> Floats:
    found = [text_score(getattr(one, way).answer, one.references).em for one in rows]
    return np.array(found, dtype=np.float64)


def replayed(rows: Sequence[Recorded], *, seed: int = 0) -> Replayed:
    """The policy on questions that others taught it for, averaged over ways to part them.

    Raises `BadInput` where there are fewer questions than parts.
    """
    if len(rows) < 2 * FOLDS:
        raise BadInput(f"{2 * FOLDS} questions are the fewest to cross-fit on, not {len(rows)}.")
    ways = {way: _right(rows, way) for way in ("closed", "read", "hops", "chosen")}
    right, escalated = np.zeros(len(rows)), np.zeros(len(rows))
    for repeat in range(REPEATS):
        asked = _asked_again(rows, np.random.default_rng((seed, repeat)))
        right += np.where(asked, ways["chosen"], ways["read"]) / REPEATS
        escalated += asked / REPEATS
    oracle = np.maximum.reduce([ways["closed"], ways["read"], ways["hops"]])

    def mean(values: Floats) -> Estimate:
        return bootstrap_mean([float(one) for one in values], seed=seed)

    return Replayed(
        n=len(rows),
        **{way: mean(values) for way, values in ways.items()},
        oracle=mean(oracle),
        policy=mean(right),
        difference=paired_interval([float(one) for one in right - ways["chosen"]], seed=seed),
        escalated=mean(escalated),
    )


def _asked_again(rows: Sequence[Recorded], rng: np.random.Generator) -> NDArray[np.bool_]:
    """Which questions a policy that the other parts taught asks again."""
    parts = rng.permutation(len(rows)) % FOLDS
    asked = np.zeros(len(rows), dtype=bool)
    for part in range(FOLDS):
        policy = fit([one for one, own in zip(rows, parts, strict=True) if own != part])
        for place in np.flatnonzero(parts == part):
            one = rows[int(place)]
            asked[place] = not policy.trusts(policy.confidence(one.closed, one.read))
    return asked
