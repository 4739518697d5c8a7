"""Answers from documents: with a corpus, one call or several hops."""
