"""Searches over steps and over answers."""
