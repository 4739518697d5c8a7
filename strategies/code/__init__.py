"""Programs as solutions: tests that a model writes too, and repair after what was run."""
