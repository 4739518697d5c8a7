"""Whole draws, and how one of them is chosen."""
