"""Choosing among candidates: votes over answer classes and the highest score."""

from tts.voting.aggregate import Aggregate, aggregate
from tts.voting.ballots import ballots
from tts.voting.grouping import Grouping
from tts.voting.majority_vote import majority_vote
from tts.voting.rating import rating
from tts.voting.select_best import select_best
from tts.voting.vote import AnswerClass, Vote, vote
from tts.voting.weighted_vote import weighted_vote

__all__ = [
    "Aggregate",
    "AnswerClass",
    "Grouping",
    "Vote",
    "aggregate",
    "ballots",
    "majority_vote",
    "rating",
    "select_best",
    "vote",
    "weighted_vote",
]
