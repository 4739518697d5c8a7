"""A sampled solution as the step scorer's training sees it."""

from __future__ import annotations

from dataclasses import dataclass

from tts.arithmetic import STEP_SEPARATOR, solution
from tts.backends.embedded.marked_rows import STEP_MARK
from tts.backends.embedded.tokenizer import EmbeddedTokenizer
from tts.training.corpus import IGNORED
from tts.training.step_samples import StepSample
from tts.values import Message


@dataclass(frozen=True, slots=True)
class ScoredRow:
    """Ids and targets of equal length; at a marker the target is the step's label.

    Inside a step the target says whether the step is right so far, which shows the network where
    a step goes wrong; it is ignored in the question and where a right step is not the gold one.
    """

    ids: tuple[int, ...]
    targets: tuple[int, ...]

    @classmethod
    def of(cls, sample: StepSample, tokenizer: EmbeddedTokenizer) -> ScoredRow:
        """The row of one sample."""
        ids = tokenizer.encode_chat((Message("user", sample.problem.prompt),))
        targets = [IGNORED] * len(ids)
        mark = tokenizer.special(STEP_MARK)
        before: str | None = sample.problem.expression
        for step, label in zip(sample.steps, sample.labels, strict=True):
            tokens = tokenizer.encode(step)
            ids += [*tokens, mark]
            targets += [*_so_far(tokens, before, label, tokenizer), int(label)]
            before = step if label else None
        return cls(tuple(ids), tuple(targets))


def _so_far(
    tokens: list[int], before: str | None, label: bool, tokenizer: EmbeddedTokenizer
) -> list[int]:
    if before is None:
        return [0] * len(tokens)
    gold = tokenizer.encode(solution(before).split(STEP_SEPARATOR)[0])
    if label:
        return [1 if tokens == gold else IGNORED] * len(tokens)
    return [int(tokens[: place + 1] == gold[: place + 1]) for place in range(len(tokens))]
