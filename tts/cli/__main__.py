"""`python -m tts.cli`."""

from tts.cli import main

main()
