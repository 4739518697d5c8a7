"""A program that reads standard input and prints, as a function from the one text to the other.

So it is examined as every other program is: the function runs where the candidate runs, and nothing but
the text that was printed reaches whoever compares.
"""

from __future__ import annotations

STDOUT_OF = "stdout_of"
"""The function that a whole program becomes; a problem that asks for one names it as its entry."""
_WRAPPED = """
def {name}(stdin):
    import io, os, sys
    given = os.open("stdin", os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
    os.write(given, stdin.encode())
    os.lseek(given, 0, os.SEEK_SET)
    os.dup2(given, 0)
    os.close(given)
    before = sys.stdin, sys.stdout, sys.argv
    printed = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True)
    sys.stdin, sys.stdout, sys.argv = open(0, encoding="utf-8", closefd=False), printed, ["program"]
    try:
        exec(compile({source!r}, "<program>", "exec"), {{"__name__": "__main__"}})
    except SystemExit as end:
        if end.code not in (None, 0):
            raise
    finally:
        sys.stdin, sys.stdout, sys.argv = before
    printed.flush()
    return printed.buffer.getvalue().decode("utf-8", "replace")
"""


def as_function(source: str) -> str:
    """A module whose one function runs the program on a text and gives what it printed.

    An exit code other than 0 raises. The input is a file at descriptor 0, so that programs which open
    it themselves find it.
    """
    return _WRAPPED.format(name=STDOUT_OF, source=source)
