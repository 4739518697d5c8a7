"""The recorded patches of a set dealt out to systems, one patch of each for each instance.

Whether an ensemble stands above its best member is asked of several systems' files of predictions. A
set's own patches are of one hand and of known worth, so they are dealt by a fixed rule that looks at
nothing: system k has patch (k + j) of instance j, counted round.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tts.errors import BadInput
from tts.eval.swe.instance import Instance
from tts.eval.swe.predictions import Prediction, write_predictions

FILE = "all_preds.jsonl"


def dealt(instances: Sequence[Instance]) -> list[list[Prediction]]:
    """As many systems as the instance with the fewest recorded patches has of them; raises
    `BadInput` where that is less than two."""
    fewest = min((len(one.candidates) for one in instances), default=0)
    if fewest < 2:
        raise BadInput("Systems need two recorded patches of every instance, or more.")
    return [
        [
            Prediction(
                instance_id=one.instance_id,
                model=f"recorded/system-{system + 1}",
                patch=one.candidates[(system + place) % len(one.candidates)].patch,
            )
            for place, one in enumerate(instances)
        ]
        for system in range(fewest)
    ]


def write_systems(folder: Path, instances: Sequence[Instance]) -> int:
    """`system-K/all_preds.jsonl` below a folder; how many there are."""
    systems = dealt(instances)
    for number, predictions in enumerate(systems, 1):
        place = folder / f"system-{number}"
        place.mkdir(parents=True, exist_ok=True)
        write_predictions(place / FILE, predictions)
    return len(systems)
