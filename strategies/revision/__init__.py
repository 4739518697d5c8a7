"""Solutions that are planned, criticised, revised or carried on."""
