"""How sets of repositories are named, where a set is asked for."""

SWE_MINI = "swe_mini"
"""The shipped set."""
SWE = "swe:"
"""Stands before a file of rows, or a folder of tasks."""
