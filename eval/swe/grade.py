"""Predictions graded by the tests of their instances; a verdict is kept by the hash of its patch."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from hashlib import sha256
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from tts.errors import BadInput
from tts.eval.kept import Kept
from tts.eval.swe.cheats import Sign, signs_of_patch
from tts.eval.swe.checkout import base_files
from tts.eval.swe.instance import Instance
from tts.eval.swe.predictions import Prediction
from tts.verifiers.repository import GRADING, Graded, RepositoryGrader, Standing

PASSING_CAUSES: frozenset[Standing] = frozenset({"infrastructure", "ambiguous"})
"""Verdicts that are not kept: the next run tries them again."""


class GradedPrediction(Struct, frozen=True, kw_only=True):
    """A prediction with its verdict, and what in its patch looks like a cheat."""

    prediction: Prediction
    verdict: Graded
    signs: tuple[Sign, ...] = ()


class Verdicts(Kept[Graded]):
    """Verdicts by what they rest on: instance, patch, grader and isolation."""

    def __init__(self, path: Path | None) -> None:
        super().__init__(path, Graded)

    def keep(self, key: str, value: Graded) -> None:
        if value.standing not in PASSING_CAUSES:
            super().keep(key, value)


Told = Callable[[GradedPrediction], None]


class Grading:
    """Grades predictions against instances, several at once."""

    def __init__(
        self,
        instances: Sequence[Instance],
        grader: RepositoryGrader,
        *,
        verdicts: Verdicts,
        repos: Path | None = None,
    ) -> None:
        self._instances = {one.instance_id: one for one in instances}
        self._grader, self._verdicts, self._repos = grader, verdicts, repos
        self._files: dict[str, dict[str, str]] = {}

    async def all(self, predictions: Sequence[Prediction], told: Told) -> list[GradedPrediction]:
        """The graded predictions in their order; `told` hears of each as it ends."""

        async def one(prediction: Prediction) -> GradedPrediction:
            found = await self.one(prediction)
            told(found)
            return found

        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(one(each)) for each in predictions]
        return [task.result() for task in tasks]

    async def one(self, prediction: Prediction) -> GradedPrediction:
        """One prediction; what cannot be graded here is a verdict too, never an error."""
        instance = self._instances.get(prediction.instance_id)
        if instance is None:
            return self._without(prediction, "error", "no such instance in the set")
        if not instance.has_tests:
            return self._without(prediction, "error", "the instance has no tests to judge by")
        try:
            files = self._base(instance)
        except BadInput as error:
            return self._without(prediction, "infrastructure", str(error))
        verdict = await self._verdict(instance, files, prediction.patch)
        signs = signs_of_patch(prediction.patch or "", instance, files)
        return GradedPrediction(prediction=prediction, verdict=verdict, signs=signs)

    async def _verdict(
        self, instance: Instance, files: Mapping[str, str], patch: str | None
    ) -> Graded:
        if not instance.files and patch != instance.patch:
            known = await self._verdict(instance, files, instance.patch)
            if not known.resolved:
                told = f"the reference itself does not resolve it here: {known.reason}"
                return replace(known, standing="infrastructure", reason=told, tests=())
        reference = instance.reference(files)
        parts = (reference.text, patch or "", GRADING, self._grader.sandbox.isolation)
        key = sha256(json.dumps(parts).encode()).hexdigest()
        async with self._verdicts.turn(key):
            found = self._verdicts.get(key)
            if found is None:
                found = await self._grader.grade(reference, patch)
                self._verdicts.keep(key, found)
        return found

    def _base(self, instance: Instance) -> dict[str, str]:
        if instance.instance_id not in self._files:
            self._files[instance.instance_id] = base_files(instance, self._repos)
        return self._files[instance.instance_id]

    def _without(self, prediction: Prediction, standing: Standing, why: str) -> GradedPrediction:
        verdict = Graded(standing=standing, reason=why, isolation=self._grader.sandbox.isolation)
        return GradedPrediction(prediction=prediction, verdict=verdict)
