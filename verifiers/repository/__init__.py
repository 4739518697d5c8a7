"""Repositories judged by their own tests, in the sandbox."""

from tts.verifiers.repository.grading import (
    GRADING,
    Graded,
    RepositoryGrader,
    Standing,
    TestCase,
)
from tts.verifiers.repository.reference import RepositoryReference, judged_tree
from tts.verifiers.repository.running import SUITE_LIMITS, Suite, pytest_folders, run_suite
from tts.verifiers.repository.scripts import RepositoryBox, Scripting

__all__ = [
    "GRADING",
    "SUITE_LIMITS",
    "Graded",
    "RepositoryBox",
    "RepositoryGrader",
    "RepositoryReference",
    "Scripting",
    "Standing",
    "Suite",
    "TestCase",
    "judged_tree",
    "pytest_folders",
    "run_suite",
]
