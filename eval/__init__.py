"""Evaluations and comparisons on problem sets.

Nothing is imported here, so that the command line reads a recipe's keys without the engine.
"""
