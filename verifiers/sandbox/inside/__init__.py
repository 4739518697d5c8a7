"""What runs inside the sandbox: the standard library alone, loaded without the rest of the engine."""
