"""Methods that mend repositories: context, tests and edits by a model, run in the sandbox."""
