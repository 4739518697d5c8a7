"""The model family that ships with the package, run by numpy alone."""
