"""Training of the shipped arithmetic models; needs the `train` extra."""
