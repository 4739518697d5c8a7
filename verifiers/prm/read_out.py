"""From a head's raw outputs to a score in 0…1."""

from __future__ import annotations

from math import tanh

from tts.protocols import Vector


def second_class(vector: Vector) -> float:
    """softmax(vector)[1] of two logits."""
    return _logistic(vector[1] - vector[0])


def first_class(vector: Vector) -> float:
    """softmax(vector)[0] of two logits."""
    return _logistic(vector[0] - vector[1])


def sigmoid(vector: Vector) -> float:
    """The logistic function of the one logit."""
    return _logistic(vector[0])


def _logistic(x: float) -> float:
    # The tangent form cannot overflow.
    return (1.0 + tanh(x / 2.0)) / 2.0
