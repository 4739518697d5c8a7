"""How much to spend on a problem, on which model, and when to stop."""
