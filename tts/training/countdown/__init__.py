"""How the countdown models were made: their tokens, their paths, their training, their figures."""
